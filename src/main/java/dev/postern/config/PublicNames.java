package dev.postern.config;

import java.util.List;

/** Which names a public CA may certify, and which only one of our own. */
final class PublicNames {
    /**
     * Reserved by <a href="https://datatracker.ietf.org/doc/html/rfc6761">RFC 6761</a>,
     * <a href="https://datatracker.ietf.org/doc/html/rfc6762">RFC 6762</a>,
     * <a href="https://datatracker.ietf.org/doc/html/rfc8375">RFC 8375</a>,
     * <a href="https://datatracker.ietf.org/doc/html/rfc7686">RFC 7686</a> and ICANN (internal).
     */
    private static final List<String> RESERVED =
            List.of(".localhost", ".local", ".test", ".invalid", ".internal", ".home.arpa", ".onion");

    private PublicNames() {}

    /** False for names that no public CA may certify: reserved ones, those of one label, and addresses. */
    static boolean mayBePublic(String name) {
        String bare = name.startsWith("*.") ? name.substring(2) : name;
        return bare.contains(".")
                && RESERVED.stream().noneMatch(("." + bare)::endsWith)
                && !bare.matches("[0-9.]+")
                && bare.indexOf(':') < 0;
    }
}
