package dev.postern.migrate.haproxy;

import java.util.List;
import java.util.Set;

/** What a condition asks, as far as Postern can ask it too. Of several values one is enough. */
sealed interface Question {
    /** What HAProxy takes and Postern does not, as a rule of Postern's; empty where both take the same. */
    default String unlike() {
        return "";
    }

    /**
     * Which host a client wants, or its handshake names.
     *
     * @param test HAProxy's own, of hosts that are known
     */
    record Host(List<String> names, HostTest test, String unlike) implements Question {}

    /** @param exact whether all of the path, not only what it begins with */
    record Path(boolean exact, List<String> paths, String unlike) implements Question {}

    record Source(List<String> ranges) implements Question {}

    record Method(Set<String> methods) implements Question {}

    /** @param check {@code equals}, {@code prefix} or {@code present} */
    record Header(String name, String check, List<String> values, String unlike) implements Question {}

    /** Whether the client speaks TLS to us. */
    record Tls() implements Question {}

    /** Whether the client begins with a TLS handshake, whoever it is for. */
    record Hello() implements Question {}

    /** Whether the client has shown a password: here nobody has. */
    record Password() implements Question {}

    record Always(boolean holds) implements Question {}

    record Unknown(String why) implements Question {}
}
