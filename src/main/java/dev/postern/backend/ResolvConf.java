package dev.postern.backend;

import dev.postern.config.Addresses;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whom to ask for names, and which: what {@code resolv.conf(5)} says.
 *
 * @param search domains that a short name is completed with
 * @param dots a name with so many is asked for as it is, first
 */
record ResolvConf(List<InetSocketAddress> servers, List<String> search, int dots) {
    private static final int PORT = 53;
    private static final Pattern SCOPED = Pattern.compile("[0-9A-Fa-f:.]+%[A-Za-z0-9_.-]+");
    private static final int MOST_DOTS = 15;

    /** Names are complete, and asked of these. */
    static ResolvConf of(List<InetSocketAddress> servers) {
        return new ResolvConf(servers, List.of(), 1);
    }

    /** Where there is no such file, or no server in it: the one of this host. Blocks. */
    static ResolvConf read(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        } catch (IOException absent) {
            lines = List.of();
        }
        List<InetSocketAddress> servers = new ArrayList<>();
        List<String> search = List.of();
        int dots = 1;
        for (String line : lines) {
            String[] words = line.strip().split("\\s+", -1);
            if (words.length < 2) {
                continue;
            }
            List<String> values = List.of(words).subList(1, words.length);
            switch (words[0]) {
                case "nameserver" -> {
                    InetAddress server = address(words[1]);
                    if (server != null) {
                        servers.add(new InetSocketAddress(server, PORT));
                    }
                }
                // The last of these lines holds.
                case "search" -> search = domains(values);
                case "domain" -> search = domains(values.subList(0, 1));
                case "options" -> dots = dots(values, dots);
                default -> {
                    // For others.
                }
            }
        }
        if (servers.isEmpty()) {
            servers.add(new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT));
        }
        return new ResolvConf(List.copyOf(servers), search, dots);
    }

    private static List<String> domains(List<String> values) {
        return values.stream()
                .map(domain -> domain.endsWith(".") ? domain.substring(0, domain.length() - 1) : domain)
                .filter(domain -> !domain.isEmpty())
                .toList();
    }

    private static int dots(List<String> options, int before) {
        int dots = before;
        for (String option : options) {
            if (option.matches("ndots:[0-9]{1,3}")) {
                dots = Math.min(MOST_DOTS, Integer.parseInt(option.substring("ndots:".length())));
            }
        }
        return dots;
    }

    private static @Nullable InetAddress address(String text) {
        InetAddress literal = Addresses.literal(text);
        if (literal != null || !SCOPED.matcher(text).matches()) {
            return literal;
        }
        try {
            // With an interface behind it, which is no name to ask for either.
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            return null;
        }
    }

    /** The complete names that {@code host} may stand for, the likeliest first. */
    List<String> candidates(String host) {
        List<String> candidates = new ArrayList<>();
        search.forEach(domain -> candidates.add(host + "." + domain));
        boolean first = host.chars().filter(c -> c == '.').count() >= dots;
        candidates.add(first ? 0 : candidates.size(), host);
        return candidates;
    }
}
