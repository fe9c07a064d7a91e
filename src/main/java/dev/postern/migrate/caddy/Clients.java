package dev.postern.migrate.caddy;

import java.util.List;

/** Whose addresses routes of the result ask for, and matchers. */
enum Clients {
    /** No proxy is trusted: who connects is the client. */
    CONNECTED,
    /** {@code trusted_proxies}, which are carried over. */
    FORWARDED,
    /** Caddy trusts some whom the result does not, or another header. */
    UNKNOWN;

    /** Whether a matcher asks for the address that a route asks for. */
    boolean isAskedBy(String matcher, List<String> ranges) {
        boolean isConnected = matcher.equals("remote_ip") && !ranges.contains("forwarded");
        return switch (this) {
            case CONNECTED -> true;
            case FORWARDED -> !isConnected;
            case UNKNOWN -> false;
        };
    }
}
