package dev.postern.migrate.haproxy;

import dev.postern.testing.FreePorts;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A configuration moved to the loopback addresses of this host: every address is one of 127.0.0.0/8, every port one that is free,
 * the same for the same. What is checked is checked often, and files are elsewhere.
 */
final class Rehomed {
    private static final Pattern IPV6 = Pattern.compile("2001:db8:([0-9]+)::([0-9a-f]+):(\\d+)");
    private static final Pattern IPV4 = Pattern.compile("\\b(\\d+)(\\.\\d+\\.\\d+\\.\\d+)(:(\\d+))?");
    private static final Pattern BIND = Pattern.compile("(?<=[ ,]):(\\d+)(?:-(\\d+))?");
    private static final Pattern CHECKED = Pattern.compile("\\bcheck port (\\d+)");

    private final Map<Integer, Integer> ports = new LinkedHashMap<>();
    private String text;

    /** @param files what the file names → where it is */
    Rehomed(String text, Map<String, String> files) {
        // All of ours are loopback addresses.
        String all = text.replace("127.0.0.0/8", "127.99.0.0/16");
        for (Map.Entry<String, String> file : files.entrySet()) {
            all = all.replace(file.getKey(), file.getValue());
        }
        // Who may not become another user, or have so many descriptors.
        all = all.replaceAll("(?m)^ +(user|group|stats socket|log /dev/log) ?.*\n", "")
                .replaceAll("(?m)^ +maxconn \\d{4,}$", "    maxconn 200")
                .replaceAll("inter \\d+s", "");
        all = replace(CHECKED, all, it -> "check port " + port(Integer.parseInt(it.group(1))));
        all = all.replaceAll("(?m)^( +server .* check)(?= |$)", "$1 inter 200ms");
        all = replace(
                IPV6,
                all,
                it -> "127." + it.group(1) + ".1." + (Integer.parseInt(it.group(2), 16) & 0x7f) + ":"
                        + port(Integer.parseInt(it.group(3))));
        all = replace(BIND, all, this::bind);
        this.text = replace(IPV4, all, this::address);
    }

    private static String replace(Pattern pattern, String text, Function<MatchResult, String> by) {
        return pattern.matcher(text).replaceAll(by);
    }

    private String bind(MatchResult found) {
        int first = Integer.parseInt(found.group(1));
        if (found.group(2) == null) {
            return "0.0.0.1:" + first;
        }
        // Two of a range are enough.
        ports.putIfAbsent(first, FreePorts.two());
        ports.put(first + 1, port(first) + 1);
        return "0.0.0.1:" + first + "-" + (port(first) + 1);
    }

    private String address(MatchResult found) {
        String host = "127" + found.group(2);
        boolean isDone = found.group(4) != null && ports.containsValue(Integer.parseInt(found.group(4)));
        return found.group(4) == null
                ? host
                : host + ":" + (isDone ? found.group(4) : Integer.toString(port(Integer.parseInt(found.group(4)))));
    }

    String text() {
        return text;
    }

    /** What has become of a port. */
    int port(int original) {
        return ports.computeIfAbsent(original, port -> FreePorts.next());
    }
}
