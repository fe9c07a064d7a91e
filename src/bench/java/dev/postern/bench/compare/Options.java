package dev.postern.bench.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line. */
record Options(Path folder, Cores cores, Amount amount, List<String> only, List<Peer> peers) {
    private static final String ALL = "haproxy,haproxy-tcp,nginx,caddy,postern";

    static Options parse(List<String> args) {
        Path checkout = Path.of(".");
        Path folder = Path.of(".");
        String measured = "0";
        String others = "0";
        boolean isQuick = false;
        int rounds = 0;
        double seconds = 0;
        List<String> only = List.of();
        String peers = ALL;
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            if (arg.equals("--quick")) {
                isQuick = true;
                continue;
            }
            if (i + 1 == args.size()) {
                throw new Failed(arg + ": unknown, or without a value; --help tells");
            }
            String value = args.get(++i);
            switch (arg) {
                case "--checkout" -> checkout = Path.of(value);
                case "--folder" -> folder = Path.of(value);
                case "--measured" -> measured = value;
                case "--others" -> others = value;
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--seconds" -> seconds = Double.parseDouble(value);
                case "--only" -> only = List.of(value.split(","));
                case "--peers" -> peers = value;
                default -> throw new Failed(arg + ": unknown; --help tells");
            }
        }
        Amount amount = isQuick ? Amount.quick() : Amount.full();
        if (rounds > 0) {
            amount = amount.withRounds(rounds);
        }
        if (seconds > 0) {
            amount = amount.withSeconds(seconds);
        }
        return new Options(folder, new Cores(measured, others), amount, only, peers(peers, checkout));
    }

    private static List<Peer> peers(String names, Path checkout) {
        List<Peer> peers = new ArrayList<>();
        for (String name : names.split(",")) {
            peers.add(
                    switch (name) {
                        case "haproxy" -> new Haproxy();
                        case "haproxy-tcp" -> new HaproxyTcp();
                        case "nginx" -> new Nginx();
                        case "caddy" -> new Caddy();
                        case "postern" -> new Postern(name, checkout);
                        default -> {
                            // old=/srv/postern-of-yesterday
                            String[] parts = name.split("=", 2);
                            if (parts.length < 2) {
                                throw new Failed("--peers: \"" + name + "\" (expected: some of " + ALL
                                        + ", or NAME=DIRECTORY, another checkout of Postern)");
                            }
                            yield new Postern(parts[0], Path.of(parts[1]));
                        }
                    });
        }
        return peers;
    }
}
