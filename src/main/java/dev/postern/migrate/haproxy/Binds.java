package dev.postern.migrate.haproxy;

import dev.postern.config.Addresses;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Ranges;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The {@code bind} lines of a section: where it listens, and what is said of TLS there. */
final class Binds {
    private static final int MOST_PORTS = 1024;
    private static final Set<String> WITH_VALUE = Set.of(
            "crt",
            "crt-list",
            "alpn",
            "npn",
            "ciphers",
            "ciphersuites",
            "curves",
            "ecdhe",
            "ca-file",
            "ca-verify-file",
            "crl-file",
            "verify",
            "interface",
            "name",
            "process",
            "thread",
            "maxconn",
            "backlog",
            "mss",
            "mode",
            "user",
            "group",
            "uid",
            "gid",
            "level",
            "severity-output",
            "tcp-ut",
            "id",
            "nice",
            "proto",
            "ssl-min-ver",
            "ssl-max-ver",
            "crt-ignore-err",
            "ca-ignore-err",
            "namespace",
            "shards",
            "sigalgs",
            "client-sigalgs",
            "tls-ticket-keys",
            "ocsp-update",
            "guid-prefix",
            "default-crt");
    private static final Set<String> CARRIED = Set.of(
            "ssl", "crt", "default-crt", "crt-list", "alpn", "accept-proxy", "ssl-min-ver", "interface", "transparent");
    private static final Set<String> OF_NO_USE = Set.of("name", "id", "v4v6");

    /**
     * @param addresses as Postern writes them, ranges of ports too
     * @param clients whether they are asked for certificates, and by whom these are
     * @param believed whose PROXY headers are read, where they are
     * @param device the network interface; empty for all
     * @param certificates the files and folders of {@code crt}
     */
    record Bind(
            Statement statement,
            List<String> addresses,
            boolean isTls,
            List<String> certificates,
            List<String> alpn,
            boolean acceptsProxy,
            List<String> believed,
            String minVersion,
            String device,
            boolean isTransparent,
            Optional<Value> clients) {
        /** As {@code proxy-protocol} has it, for all of a listener or service. */
        static void believe(List<Bind> binds, Mapping at) {
            List<String> ranges = binds.stream()
                    .flatMap(bind -> bind.believed().stream())
                    .distinct()
                    .toList();
            if (ranges.containsAll(Ranges.EVERYBODY)) {
                at.remark("Everybody may say who they are: the addresses of your balancers alone are safe.");
            }
            at.put("proxy-protocol", ranges);
        }
    }

    private final Tally tally;
    /** {@code HOST:PORT} of all that is taken; an empty host is every one. */
    private final Set<String> taken = new LinkedHashSet<>();

    /** Where {@code crt} is looked for that is no whole path; empty where that is not said. */
    private final String base;

    Binds(List<Section> sections, Tally tally) {
        this.tally = tally;
        Optional<Statement> said = sections.stream()
                .filter(section -> section.kind().equals("global"))
                .flatMap(section -> section.ownSetting("crt-base").stream())
                .findFirst();
        said.ifPresent(tally::itself);
        this.base = said.map(line -> line.word(1)).orElse("");
    }

    /** Whether somebody has this port, at whichever address. */
    boolean isTaken(int port) {
        return taken.stream().anyMatch(address -> address.endsWith(":" + port));
    }

    /** The first port that a section is reached at, or one that leads to it; 80 where there is none. */
    static String firstPort(List<Section> sections, Section section) {
        List<Section> ways = new ArrayList<>(List.of(section));
        sections.stream()
                .filter(other -> other.own().stream()
                        .anyMatch(line -> (line.begins("default_backend") || line.begins("use_backend"))
                                && line.word(1).equals(section.name())))
                .forEach(ways::add);
        for (Section way : ways) {
            for (Statement bind : way.all("bind")) {
                String address = bind.word(1).split(",", -1)[0];
                String port = address.substring(address.lastIndexOf(':') + 1);
                int dash = port.indexOf('-');
                String first = dash < 0 ? port : port.substring(0, dash);
                if (Numbers.isBetween(first, 1, Addresses.LAST_PORT)) {
                    return first;
                }
            }
        }
        return "80";
    }

    /** @param ranges whether several ports may stand in one address */
    List<Bind> of(Section section, boolean ranges, Mapping at) {
        List<Bind> binds = new ArrayList<>();
        Set<String> everywhere = everywhere(section);
        List<String> believed = section.isBehindBalancers() ? Balancers.believed(section, tally, at) : List.of();
        boolean isAlike = section.all("bind").stream()
                        .map(ClientCertificates::said)
                        .distinct()
                        .count()
                < 2;
        for (Statement statement : section.all("bind")) {
            Optional<Value> clients = ranges || !isAlike ? Optional.empty() : ClientCertificates.of(statement);
            if (statement.valueOf("verify").equals("required") && clients.isEmpty()) {
                tally.guard(
                        at,
                        statement,
                        "nothing listens there: clients would not have to show a certificate",
                        "client-certificates of the sites, then bind it");
                continue;
            }
            List<String> addresses = new ArrayList<>();
            List<String> left = new ArrayList<>();
            for (String one : statement.word(1).split(",", -1)) {
                String address = address(one);
                if (isCovered(address, everywhere)) {
                    tally.itself(statement, one);
                } else if (address.isEmpty()) {
                    left.add(one);
                } else if (ranges || address.lastIndexOf('-') < address.lastIndexOf(':')) {
                    take(address, one, addresses, left);
                } else {
                    each(address).forEach(single -> take(single, one, addresses, left));
                }
            }
            List<String> others = others(statement);
            if (clients.isPresent()) {
                others.removeAll(ClientCertificates.said(statement));
            }
            if (!left.isEmpty()) {
                tally.note(
                        at,
                        statement,
                        "not bound: " + String.join(", ", left),
                        "addresses are as :443, 192.0.2.1:443 or [2001:db8::1]:443, each once");
            } else if (!others.isEmpty()) {
                tally.note(
                        at, statement, "not carried over of it: " + String.join(", ", others), "see listeners and tcp");
            }
            if (!addresses.isEmpty()) {
                tally.carried(statement);
                binds.add(new Bind(
                        statement,
                        List.copyOf(addresses),
                        statement.words().contains("ssl"),
                        certificates(statement),
                        List.of(statement.valueOf("alpn").split(",")),
                        statement.words().contains("accept-proxy"),
                        believed,
                        statement.valueOf("ssl-min-ver"),
                        statement.valueOf("interface"),
                        statement.words().contains("transparent"),
                        clients));
            }
        }
        return binds;
    }

    /** The ports that a section has at all addresses, of one family or of both. */
    private static Set<String> everywhere(Section section) {
        Set<String> everywhere = new LinkedHashSet<>();
        for (Statement statement : section.all("bind")) {
            for (String one : statement.word(1).split(",", -1)) {
                String address = address(one);
                if (address.startsWith(":") || address.startsWith("0.0.0.0:") || address.startsWith("[::]:")) {
                    everywhere.addAll(each(address));
                }
            }
        }
        return everywhere;
    }

    private static boolean isCovered(String address, Set<String> everywhere) {
        int colon = address.lastIndexOf(':');
        if (colon <= 0) {
            return false;
        }
        String port = address.substring(colon);
        boolean isFamily = address.startsWith("0.0.0.0:") || address.startsWith("[::]:");
        String family = (address.startsWith("[") ? "[::]" : "0.0.0.0") + port;
        return everywhere.contains(port) || (!isFamily && everywhere.contains(family));
    }

    private List<String> certificates(Statement bind) {
        List<String> files = new ArrayList<>();
        for (int i = 2; i + 1 < bind.words().size(); i++) {
            if (Set.of("crt", "default-crt", "crt-list").contains(bind.word(i))) {
                String file = bind.word(++i);
                files.add(base.isEmpty() || file.startsWith("/") ? file : base + "/" + file);
            }
        }
        return List.copyOf(files);
    }

    private List<String> others(Statement bind) {
        List<String> others = new ArrayList<>();
        for (int i = 2; i < bind.words().size(); i++) {
            String word = bind.word(i);
            boolean hasValue = WITH_VALUE.contains(word);
            String value = hasValue ? bind.word(++i) : "";
            String whole = hasValue ? word + " " + value : word;
            if (OF_NO_USE.contains(word) || Settings.isOld(word)) {
                tally.itself(bind, whole);
            } else if (!CARRIED.contains(word)) {
                others.add(whole);
            }
        }
        return others;
    }

    private void take(String address, String written, List<String> into, List<String> left) {
        List<String> ports = each(address);
        boolean isFree = ports.stream().noneMatch(one -> taken.stream().anyMatch(other -> overlap(one, other)));
        if (isFree) {
            taken.addAll(ports);
            into.add(address);
        } else {
            left.add(written);
        }
    }

    private static boolean overlap(String one, String other) {
        int colon = one.lastIndexOf(':');
        int otherColon = other.lastIndexOf(':');
        return one.substring(colon).equals(other.substring(otherColon))
                && (hasAll(one.substring(0, colon), other.substring(0, otherColon))
                        || hasAll(other.substring(0, otherColon), one.substring(0, colon)));
    }

    /** Whether a host is that one too: none is every address, and each family has one for all of its own. */
    private static boolean hasAll(String host, String one) {
        return host.isEmpty()
                || host.equals(one)
                || (host.equals("0.0.0.0") && one.contains("."))
                || (host.equals("[::]") && one.startsWith("["));
    }

    /** Each port of a range. */
    private static List<String> each(String address) {
        int colon = address.lastIndexOf(':');
        int dash = address.indexOf('-', colon);
        if (dash < 0) {
            return List.of(address);
        }
        List<String> each = new ArrayList<>();
        int last = Integer.parseInt(address.substring(dash + 1));
        for (int port = Integer.parseInt(address.substring(colon + 1, dash)); port <= last; port++) {
            each.add(address.substring(0, colon + 1) + port);
        }
        return each;
    }

    /** As Postern writes it; empty where it has no such address. */
    private static String address(String text) {
        String plain = text;
        for (String family : List.of("ipv4@", "ipv6@")) {
            plain = plain.startsWith(family) ? plain.substring(family.length()) : plain;
        }
        int colon = plain.lastIndexOf(':');
        if (colon < 0) {
            return "";
        }
        String host = plain.substring(0, colon);
        String port = plain.substring(colon + 1);
        int dash = port.indexOf('-');
        String first = dash < 0 ? port : port.substring(0, dash);
        String last = dash < 0 ? port : port.substring(dash + 1);
        if (!Numbers.isBetween(first, 1, Addresses.LAST_PORT) || !Numbers.isBetween(last, 1, Addresses.LAST_PORT)) {
            return "";
        }
        int count = Integer.parseInt(last) - Integer.parseInt(first);
        if (count < 0 || count >= MOST_PORTS) {
            return "";
        }
        if (host.isEmpty() || host.equals("*")) {
            return ":" + port;
        }
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        InetAddress address = Addresses.literal(bare);
        if (address == null) {
            return "";
        }
        return (bare.contains(":") ? "[" + bare + "]" : bare) + ":" + port;
    }
}
