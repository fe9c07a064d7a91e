package dev.postern.migrate.haproxy;

import java.util.List;
import java.util.Set;

/** What a condition asks, as far as Postern can ask it too. Of several values one is enough. */
sealed interface Question {
    /** Which host a client wants, or its handshake names. */
    record Host(List<String> names) implements Question {}

    /** @param exact whether all of the path, not only what it begins with */
    record Path(boolean exact, List<String> paths) implements Question {}

    record Source(List<String> ranges) implements Question {}

    record Method(Set<String> methods) implements Question {}

    /** @param check {@code equals}, {@code prefix} or {@code present} */
    record Header(String name, String check, List<String> values) implements Question {}

    /** Whether the client speaks TLS to us. */
    record Tls() implements Question {}

    /** Whether what has to be waited for is there; Postern waits by itself. */
    record Arrived() implements Question {}

    record Always(boolean holds) implements Question {}

    record Unknown(String why) implements Question {}
}
