package dev.postern.migrate.haproxy;

import java.util.ArrayList;
import java.util.List;

/**
 * A sample expression such as {@code req.hdr(host),lower,word(1,:)}: what is fetched, of what, and what is made of it.
 *
 * @param name without {@code req.}, in front of the parenthesis
 * @param argument what is in the parentheses
 * @param converters each as it is written
 */
record Fetch(String name, String argument, List<String> converters) {
    static Fetch of(String text) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '(') {
                depth++;
            } else if (c == ')') {
                depth--;
            } else if (c == ',' && depth == 0) {
                parts.add(text.substring(from, i));
                from = i + 1;
            }
        }
        parts.add(text.substring(from));
        String first = parts.get(0);
        int open = first.indexOf('(');
        String name = open < 0 ? first : first.substring(0, open);
        String argument =
                open < 0 ? "" : first.substring(open + 1, first.endsWith(")") ? first.length() - 1 : first.length());
        return new Fetch(
                name.startsWith("req.") ? name.substring("req.".length()) : name,
                argument.strip(),
                List.copyOf(parts.subList(1, parts.size())));
    }

    /** The name without the way it is compared, {@code path} of {@code path_beg}. */
    String subject() {
        String way = way();
        return way.isEmpty() ? name : name.substring(0, name.length() - way.length() - 1);
    }

    /** How it is compared, as its name says: {@code beg} of {@code path_beg}; empty where it does not. */
    String way() {
        int underscore = name.lastIndexOf('_');
        String last = underscore < 0 ? "" : name.substring(underscore + 1);
        return List.of("beg", "end", "dom", "dir", "reg", "sub", "len", "cnt").contains(last) ? last : "";
    }

    /** Whether it is the name that a client asks for, without its port and in small letters or not. */
    boolean isHost() {
        boolean header = (subject().equals("hdr") || subject().equals("fhdr")) && argument.equalsIgnoreCase("host");
        return (header || isServerName()) && keepsName();
    }

    /** Whether it is the name in a TLS handshake. */
    boolean isServerName() {
        return List.of("ssl_sni", "req_ssl_sni", "ssl_fc_sni").contains(subject()) && keepsName();
    }

    private boolean keepsName() {
        return converters.stream()
                .allMatch(converter ->
                        List.of("lower", "word(1,:)", "field(1,:)", "host_only").contains(converter));
    }
}
