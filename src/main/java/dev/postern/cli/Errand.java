package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.app.CannotStart;
import dev.postern.app.Maintenance;
import dev.postern.certificate.store.StoreInUse;
import dev.postern.config.Configuration;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Has requests done: by the daemon where one runs, else in this process, which holds the store's lock until it is closed.
 * Two processes never work on one store.
 */
final class Errand implements AutoCloseable {
    private final ReadConfiguration read;
    private final Configuration config;
    private final boolean answering;
    private final Console console;
    private @Nullable Maintenance here;

    /** @param answering whether a CA may come and look: without a daemon this process listens then */
    Errand(ReadConfiguration read, boolean answering, Console console) {
        this.read = read;
        this.config = read.config();
        this.answering = answering;
        this.console = console;
    }

    /** One request alone. */
    static JsonObject run(ReadConfiguration read, boolean answering, ControlRequest request, Console console)
            throws CommandFailed, InterruptedException {
        try (Errand errand = new Errand(read, answering, console)) {
            return errand.run(request.json());
        }
    }

    JsonObject run(JsonObject request) throws CommandFailed, InterruptedException {
        try {
            if (here == null) {
                Optional<ControlClient> daemon = read.daemon();
                if (daemon.isPresent()) {
                    return ask(daemon.get(), request);
                }
                Optional<JsonObject> answer = openOrAsk(request);
                if (answer.isPresent()) {
                    return answer.get();
                }
            }
            Maintenance maintenance = here;
            if (maintenance == null) {
                throw new IllegalStateException("neither a daemon nor the store");
            }
            return maintenance.commands().run(request, console.err()::println);
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        }
    }

    private JsonObject ask(ControlClient daemon, JsonObject request) throws ControlFailure {
        try (daemon) {
            return daemon.run(request, console.err()::println);
        }
    }

    /** Takes the store; where a daemon came first, asks that one after all. */
    private Optional<JsonObject> openOrAsk(JsonObject request) throws CommandFailed, ControlFailure {
        try {
            here = Maintenance.open(config, answering);
            return Optional.empty();
        } catch (CannotStart e) {
            if (StoreInUse.isCauseOf(e)) {
                Optional<ControlClient> daemon = read.daemon();
                if (daemon.isPresent()) {
                    return Optional.of(ask(daemon.get(), request));
                }
                throw new CommandFailed(ExitCode.UNAVAILABLE, inUse());
            }
            CommandFailed failed = CommandFailed.of(e);
            throw failed.exitCode() == ExitCode.UNAVAILABLE && answering
                    ? new CommandFailed(
                            ExitCode.UNAVAILABLE,
                            failed.getMessage() + "; no daemon runs, so this command has to answer the CA itself")
                    : failed;
        }
    }

    private String inUse() {
        Path store = config.acme().store();
        return store + ": in use by a process that takes no commands at "
                + config.acme().controlSocket() + " (another postern cert, a daemon that is just starting, or one with"
                + " another acme.control-socket); try again when it is done";
    }

    @Override
    public void close() {
        if (here == null) {
            return;
        }
        try (Maintenance maintenance = here) {
            // Nobody else would tell them before a daemon starts.
            maintenance.awaitHooks(console.err()::println);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
