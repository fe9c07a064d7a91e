package dev.postern.bench.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The command; {@code src/bench/compare} starts it with what it needs. */
public final class Compare {
    private final Options options;
    private final List<Peer> peers;

    private Compare(Options options) {
        this.options = options;
        this.peers = options.peers();
    }

    /** @param args as {@code src/bench/compare --help} tells */
    public static void main(String[] args) throws IOException {
        try {
            new Compare(Options.parse(List.of(args))).run();
        } catch (Failed e) {
            System.err.println("compare: " + e.getMessage());
            System.exit(1);
        }
    }

    private void run() throws IOException {
        String versions = peers.stream().map(Peer::version).distinct().collect(Collectors.joining(" · "));
        Cores cores = options.cores();
        Amount amount = options.amount();
        Table table = new Table(peers);
        Path folder = options.folder();
        // What there is is told also where it ends early: some rows have taken minutes.
        Thread early = new Thread(() -> System.out.println("Ended early.\n\n" + table.markdown()));
        Runtime.getRuntime().addShutdownHook(early);
        String ciphers;
        try (Programs programs = new Programs();
                Origin origin = new Origin(programs, cores, folder, amount.bodyBytes());
                Bench bench = new Bench(
                        programs, cores, folder, origin, new Certificates(folder.resolve("certificates")), amount)) {
            for (Row row : Rows.of(options.only(), amount)) {
                measure(row, bench, table);
            }
            ciphers = bench.ciphers();
        }
        Runtime.getRuntime().removeShutdownHook(early);
        System.out.println(table.markdown());
        System.out.printf(
                "%s, %s, %s; %d rounds of %s s; the first column is 1.%n%n%s.%n%nCiphers: %s.%n",
                LocalDate.now(ZoneOffset.UTC),
                Machine.describe(),
                cores.describe(),
                amount.rounds(),
                amount.seconds(),
                versions,
                ciphers);
    }

    /** In rounds, so that whatever the machine does beside it does to all; each begins with another peer. */
    private void measure(Row row, Bench bench, Table table) {
        List<Peer> able = new ArrayList<>(peers.stream().filter(row::isFor).toList());
        able.forEach(peer -> row.warmUp(peer, bench));
        for (int round = 0; round < row.rounds(bench.amount()); round++) {
            for (Peer peer : able) {
                Map<Figure, Double> sample = row.measure(peer, bench);
                table.add(row, peer, sample);
                System.err.println(row.key() + " " + peer.name() + " " + line(sample));
            }
            Collections.rotate(able, 1);
        }
    }

    private static Map<String, String> line(Map<Figure, Double> sample) {
        Map<String, String> line = new LinkedHashMap<>();
        sample.forEach((figure, value) -> line.put(figure.what(), "%.2f %s".formatted(value, figure.unit())));
        return line;
    }
}
