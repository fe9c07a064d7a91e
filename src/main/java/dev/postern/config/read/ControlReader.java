package dev.postern.config.read;

import dev.postern.config.Quoted;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Reads {@code control}. */
final class ControlReader {
    static final List<String> KEYS = List.of("socket");

    /** What the address of a UNIX socket holds, with the NUL at its end, on the system that has least: unix(4) of BSD. */
    private static final int ADDRESS_BYTES = 104;

    private ControlReader() {}

    static Path socket(Section control, Path store) {
        Path socket = control.get("socket", FilePath.SCALAR, store.resolve("control.sock"));
        int bytes = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes >= ADDRESS_BYTES) {
            control.place("socket")
                    .problem(Quoted.of(socket.toString()) + (control.has("socket") ? "" : ", the default in the store,")
                            + " is " + bytes + " bytes long, which the address of a UNIX socket cannot hold"
                            + " (expected: a path of fewer than " + ADDRESS_BYTES + " bytes)");
        }
        return socket;
    }
}
