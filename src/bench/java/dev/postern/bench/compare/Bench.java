package dev.postern.bench.compare;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Where things are measured, and for how long. */
final class Bench implements AutoCloseable {
    private final Programs programs;
    private final Cores cores;
    private final Path folder;
    private final Origin origin;
    private final Certificates certificates;
    private final Amount amount;
    private final Map<String, Running> running = new LinkedHashMap<>();
    private int instances;

    Bench(Programs programs, Cores cores, Path folder, Origin origin, Certificates certificates, Amount amount) {
        this.programs = programs;
        this.cores = cores;
        this.folder = folder;
        this.origin = origin;
        this.certificates = certificates;
        this.amount = amount;
    }

    Cores cores() {
        return cores;
    }

    Programs programs() {
        return programs;
    }

    /** What is agreed on with each of those that all rows load. */
    String ciphers() {
        return running.values().stream()
                .map(one -> one.peer().title() + " " + Load.cipher(one.port(Door.WEB)))
                .collect(Collectors.joining(" · "));
    }

    Origin origin() {
        return origin;
    }

    Certificates certificates() {
        return certificates;
    }

    Amount amount() {
        return amount;
    }

    Path folder() {
        return folder;
    }

    /** The one that all rows load: it answers. */
    Running running(Peer peer) {
        Running one = running.computeIfAbsent(
                peer.name(), name -> startNew(peer, List.of(), true).awaitAnswers());
        one.orFail();
        return one;
    }

    /** One that the caller closes, and that has perhaps not begun to listen. */
    Running startNew(Peer peer, List<Certificates.Files3> sites, boolean isPinned) {
        return start(peer, configured(peer, sites), isPinned);
    }

    Running start(Peer peer, Setup setup, boolean isPinned) {
        return new Running(programs, cores, peer, setup, isPinned);
    }

    Setup configured(Peer peer, List<Certificates.Files3> sites) {
        instances++;
        Setup setup = Setup.of(folder.resolve(peer.name() + "-" + instances), origin, certificates, sites);
        peer.configure(setup);
        return setup;
    }

    @Override
    public void close() {
        running.values().forEach(Running::close);
        running.clear();
    }
}
