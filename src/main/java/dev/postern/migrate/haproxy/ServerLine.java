package dev.postern.migrate.haproxy;

import dev.postern.config.Addresses;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code server NAME ADDRESS OPTION…}, or a {@code server-template}.
 *
 * @param host in brackets where it is IPv6; {@code unix:/PATH}; empty where it is no place that Postern can reach
 * @param port as it stands there: empty, a number, or how far from the port that a client came to, {@code +1000}
 * @param options with what {@code default-server} says
 * @param others words that mean nothing here
 */
record ServerLine(
        Statement statement,
        String name,
        String host,
        String port,
        boolean isTemplate,
        Map<String, String> options,
        List<String> others) {
    private static final String SOCKET = "unix:";

    // unix(7): sun_path, and the zero at its end.
    private static final int LONGEST_SOCKET = 107;

    private static final Set<String> WITH_VALUE = Set.of(
            "inter",
            "rise",
            "fall",
            "weight",
            "maxconn",
            "cookie",
            "port",
            "slowstart",
            "verify",
            "ca-file",
            "sni",
            "verifyhost",
            "crt",
            "resolvers",
            "proto",
            "init-addr",
            "alpn",
            "check-alpn",
            "check-sni",
            "ssl-min-ver",
            "ssl-max-ver",
            "ciphers",
            "ciphersuites",
            "crl-file",
            "check-proto",
            "fastinter",
            "downinter",
            "observe",
            "error-limit",
            "on-error",
            "on-marked-down",
            "on-marked-up",
            "minconn",
            "maxqueue",
            "id",
            "track",
            "resolve-prefer",
            "resolve-opts",
            "resolve-net",
            "pool-max-conn",
            "pool-purge-delay",
            "pool-low-conn",
            "max-reuse",
            "source",
            "interface",
            "namespace",
            "addr",
            "agent-addr",
            "agent-port",
            "agent-inter",
            "agent-send",
            "log-proto",
            "tcp-ut",
            "ws",
            "redir",
            "guid",
            "hash-key",
            "proxy-v2-options",
            "usesrc");

    private static final Set<String> CARRIED = Set.of(
            "check",
            "inter",
            "rise",
            "fall",
            "weight",
            "maxconn",
            "cookie",
            "port",
            "slowstart",
            "backup",
            "send-proxy",
            "send-proxy-v2",
            "ssl",
            "verify",
            "ca-file",
            "sni",
            "verifyhost",
            "crt",
            "check-ssl",
            "proto",
            "resolvers",
            "no-check",
            "no-backup",
            "no-ssl",
            "disabled",
            "enabled",
            "id");

    /** Where no TLS is spoken. */
    private static final List<String> OF_TLS = List.of("verify", "ca-file", "sni", "verifyhost", "crt", "check-ssl");

    private static final List<String> OF_NO_USE =
            List.of("id", "resolvers", "enabled", "no-check", "no-backup", "no-ssl");

    /** What it says of TLS, and there is none: HAProxy checks over TLS then what is asked without. */
    List<String> uselessOfTls() {
        return isTls() ? List.of() : written(statement, OF_TLS);
    }

    /** What needs no counterpart. */
    List<String> ofNoUse() {
        List<String> all = new ArrayList<>(OF_NO_USE);
        if (isTls()) {
            all.add("check-ssl");
            if (option("ca-file").equals("@system-ca")) {
                all.add("ca-file");
            }
        }
        return written(statement, all);
    }

    /** Of these the ones that a line has. */
    private static List<String> written(Statement statement, List<String> words) {
        return words.stream()
                .filter(word -> statement.words().contains(word))
                .map(word -> (word + " " + (WITH_VALUE.contains(word) ? statement.valueOf(word) : "")).strip())
                .toList();
    }

    boolean isSocket() {
        return host.startsWith(SOCKET);
    }

    /** How its port follows that which a client came to; empty where it does not. */
    String following() {
        return isSocket() || Numbers.isBetween(port, 1, Addresses.LAST_PORT) ? "" : port.isEmpty() ? "same" : port;
    }

    /**
     * Words of {@code default-server} that mean nothing here.
     *
     * @param isTls whether some server speaks TLS
     */
    static List<String> othersOf(Statement defaults, boolean isTls) {
        List<String> others = new ArrayList<>();
        read(defaults.after(1), new LinkedHashMap<>(), others);
        if (!isTls) {
            others.addAll(written(defaults, OF_TLS));
        }
        return others;
    }

    /** Whether it is a server that speaks TLS. */
    boolean isTls() {
        return options.containsKey("ssl");
    }

    boolean has(String option) {
        return options.containsKey(option);
    }

    String option(String name) {
        return options.getOrDefault(name, "");
    }

    static ServerLine of(Statement statement, List<String> defaults) {
        boolean isTemplate = statement.begins("server-template");
        String address = statement.word(isTemplate ? 3 : 2);
        Map<String, String> options = new LinkedHashMap<>();
        List<String> others = new ArrayList<>();
        read(defaults, options, new ArrayList<>());
        read(statement.after(isTemplate ? 4 : 3), options, others);
        String plain = address;
        for (String family : List.of("ipv4@", "ipv6@")) {
            plain = plain.startsWith(family) ? plain.substring(family.length()) : plain;
        }
        String socket = plain.startsWith("unix@") ? plain.substring("unix@".length()) : plain;
        if (socket.startsWith("/")) {
            boolean isPath = socket.length() <= LONGEST_SOCKET && socket.chars().allMatch(Paths::isPlain);
            return new ServerLine(
                    statement,
                    statement.word(1),
                    isPath ? SOCKET + socket : "",
                    "",
                    isTemplate,
                    Map.copyOf(options),
                    List.copyOf(others));
        }
        // The port begins at the last colon, brackets or not.
        int colon = plain.endsWith("]") ? -1 : plain.lastIndexOf(':');
        boolean isBareV6 = colon < 0 && Addresses.literal(plain) != null;
        String host = host(colon < 0 || isBareV6 ? plain : plain.substring(0, colon));
        String port = colon < 0 || isBareV6 ? "" : plain.substring(colon + 1);
        boolean isPort = port.isEmpty()
                || Numbers.isBetween(port, 1, Addresses.LAST_PORT)
                || ((port.startsWith("+") || port.startsWith("-"))
                        && Numbers.isBetween(port.substring(1), 0, Addresses.LAST_PORT));
        return new ServerLine(
                statement,
                statement.word(1),
                host == null || !isPort ? "" : host,
                port,
                isTemplate,
                Map.copyOf(options),
                List.copyOf(others));
    }

    private static void read(List<String> words, Map<String, String> options, List<String> others) {
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            boolean hasValue = WITH_VALUE.contains(word) && i + 1 < words.size();
            String value = hasValue ? words.get(++i) : "";
            if (word.equals("no-check") || word.equals("no-backup") || word.equals("no-ssl")) {
                options.remove(word.substring("no-".length()));
            } else if (word.equals("enabled")) {
                options.remove("disabled");
            } else {
                options.put(word, value);
            }
            if (!CARRIED.contains(word)) {
                others.add(hasValue ? word + " " + value : word);
            }
        }
    }

    private static @Nullable String host(String text) {
        String bare = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        if (Addresses.literal(bare) != null) {
            return bare.contains(":") ? "[" + bare + "]" : bare;
        }
        try {
            return HostName.server(text);
        } catch (NotUnderstood e) {
            return null;
        }
    }
}
