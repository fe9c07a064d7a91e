package dev.postern.app;

import dev.postern.config.Acme;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlSocket;
import dev.postern.control.RunRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a daemon hears its operators: the control socket, and the word that is left of it. Blocks. */
final class OperatorDoor {
    private static final Logger LOG = LoggerFactory.getLogger(OperatorDoor.class);

    private OperatorDoor() {}

    /**
     * @param commands of the certificates
     * @param threads run commands
     * @param opened told of what is to be closed in the end
     * @return takes commands once it is started; null where there is no place for it that nobody has named
     * @throws IOException one line: where an operator has named a place, and it is none
     */
    static @Nullable ControlSocket open(
            Acme acme,
            Hearing heard,
            ControlCommands commands,
            ExecutorService threads,
            ScheduledExecutorService timer,
            Consumer<AutoCloseable> opened)
            throws IOException {
        ControlSocket socket = socket(acme, heard, heard.commands().apply(commands), threads, timer);
        if (socket != null) {
            opened.accept(socket);
        }
        leaveWord(acme, heard, socket, opened);
        return socket;
    }

    private static @Nullable ControlSocket socket(
            Acme acme, Hearing heard, ControlCommands asked, ExecutorService threads, ScheduledExecutorService timer)
            throws IOException {
        Path named = acme.controlSocket();
        boolean byDefault = named.equals(acme.store().resolve("control.sock"));
        IOException refusal = null;
        for (Path file : byDefault ? places(named, heard.folder()) : List.of(named)) {
            try {
                return heard.replaces()
                        ? ControlSocket.openInPlace(file, asked, threads, timer)
                        : ControlSocket.open(file, asked, threads, timer);
            } catch (IOException e) {
                if (!byDefault) {
                    throw e;
                }
                refusal = refusal == null ? e : refusal;
            }
        }
        // Nobody asked for it by name: no reason not to serve.
        LOG.warn(
                "{}; the daemon takes no commands but signals (expected: control.socket in a directory that it may write"
                        + " to, RUNTIME_DIRECTORY or XDG_RUNTIME_DIR)",
                refusal == null
                        ? named + ": there is no such directory, or it cannot be written"
                        : refusal.getMessage());
        return null;
    }

    /** The store may not be there where no site needs it; commands find the other place by the word that is left of it. */
    private static List<Path> places(Path inStore, @Nullable Path folder) {
        List<Path> places = new ArrayList<>();
        Path store = inStore.getParent();
        if (store != null && Files.isWritable(store)) {
            places.add(inStore);
        }
        if (folder != null) {
            places.add(folder.resolve(ProcessHandle.current().pid() + ".sock"));
        }
        return places;
    }

    /** For commands, which may not know where to look. */
    private static void leaveWord(
            Acme acme, Hearing heard, @Nullable ControlSocket socket, Consumer<AutoCloseable> opened) {
        Path folder = heard.folder();
        Path file = heard.file();
        if (folder == null || file == null) {
            return;
        }
        Path heardAt = socket == null ? acme.controlSocket() : socket.file();
        try {
            opened.accept(RunRecord.write(folder, file, acme.store(), heardAt));
        } catch (IOException e) {
            LOG.warn("{}: {}; commands may not find what this daemon has", folder, e.getMessage());
        }
    }
}
