package dev.postern.config;

import org.jspecify.annotations.Nullable;

/**
 * The name of a backend, or how it is made of the host that a client asks for: {@code {host}_tls} (HAProxy's {@code
 * use_backend %[…]_tls}).
 *
 * @param before what stands before the host; all of it where the name does not depend on that
 * @param after what stands behind the host; null where the name does not depend on it
 */
public record BackendName(String before, @Nullable String after) {
    private static final String HOST = "{host}";

    public static BackendName of(String text) {
        int at = text.indexOf(HOST);
        return at < 0
                ? new BackendName(text, null)
                : new BackendName(text.substring(0, at), text.substring(at + HOST.length()));
    }

    /** Whether it depends on the host. */
    public boolean isTemplate() {
        return after != null;
    }

    /** For {@code host}, in lower case and without a port. */
    public String forHost(String host) {
        return after == null ? before : before + host + after;
    }

    /** Whether there is a host that this name is made of. */
    public boolean mayBe(String name) {
        return after == null
                ? name.equals(before)
                : name.length() > before.length() + after.length() && name.startsWith(before) && name.endsWith(after);
    }
}
