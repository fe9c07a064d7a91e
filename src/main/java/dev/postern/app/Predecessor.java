package dev.postern.app;

import com.google.gson.JsonObject;
import dev.postern.app.CannotStart.Reason;
import dev.postern.config.Configuration;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.control.RunRecord;
import dev.postern.listener.DescriptorInbox;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Postern that this process replaces: see {@link Succession}, which is its side of it. Blocks. */
final class Predecessor {
    private static final Logger LOG = LoggerFactory.getLogger(Predecessor.class);

    /** Another name of its control socket, whose own name is ours once we serve. */
    private final Path socket;

    private final Path file;
    private final Inheritance inheritance;

    private Predecessor(Path socket, Path file, Inheritance inheritance) {
        this.socket = socket;
        this.file = file;
        this.inheritance = inheritance;
    }

    /**
     * Takes over from the daemon that runs with the same configuration: from now on it has no store, and gets it back where
     * this process ends.
     *
     * @param file of the configuration; null for none
     * @return empty where no daemon runs
     * @throws CannotStart where there is one that does not hand anything over; then nothing has changed
     */
    static Optional<Predecessor> ask(Configuration config, @Nullable Path file, Map<String, String> environment)
            throws CannotStart {
        // Empty: whichever file it was started with.
        Path absolute = file == null ? Path.of("") : file.toAbsolutePath().normalize();
        Path socket = file == null ? config.acme().controlSocket() : socket(config, absolute, environment);
        if (!Epoll.isAvailable()) {
            throw cannot("sockets cannot be taken over without Netty's native transport");
        }
        try (ControlClient daemon = ControlClient.connect(socket, absolute).orElse(null);
                DescriptorInbox inbox = DescriptorInbox.open(new SecureRandom())) {
            if (daemon == null) {
                LOG.info("--replace: no daemon takes commands at {}: there is nothing to replace", socket);
                return Optional.empty();
            }
            JsonObject estate =
                    daemon.run(request("replace").with("inbox", inbox.name()).json(), LOG::info);
            List<Integer> descriptors = inbox.take(Inheritance.sockets(estate));
            return Optional.of(new Predecessor(otherName(socket), absolute, Inheritance.of(estate, descriptors)));
        } catch (ControlFailure | IOException | IllegalStateException | NullPointerException e) {
            throw cannot(socket + ": " + e.getMessage());
        }
    }

    /** Where it has left word that it is; else where one would be by the configuration. */
    private static Path socket(Configuration config, Path file, Map<String, String> environment) {
        return RunRecord.of(file, RunRecord.folders(environment)).stream()
                .findFirst()
                .map(RunRecord.Word::socket)
                .orElse(config.acme().controlSocket());
    }

    private static Path otherName(Path socket) throws IOException {
        Path other = socket.resolveSibling(".r" + ProcessHandle.current().pid());
        Files.deleteIfExists(other);
        return Files.createLink(other, socket);
    }

    private static ControlRequest request(String command) {
        return ControlRequest.of(command)
                .with("process", Long.toString(ProcessHandle.current().pid()));
    }

    private static CannotStart cannot(String why) {
        return new CannotStart(Reason.UNAVAILABLE, List.of("--replace: " + why + "; nothing has changed"), null);
    }

    Inheritance inheritance() {
        return inheritance;
    }

    /** We serve: it may go. */
    void dismiss() {
        inheritance.sockets().closeLeft();
        try (ControlClient daemon = ControlClient.connect(socket, file).orElse(null)) {
            if (daemon != null) {
                JsonObject gone = daemon.run(request("replaced").json(), LOG::info);
                LOG.info("replaced process {}", ControlRequest.text(gone, "process", "?"));
            }
        } catch (ControlFailure e) {
            LOG.warn("--replace: the daemon before this one may still serve: {}", e.getMessage());
        }
        forget();
    }

    /** It is left as it was. */
    void forget() {
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            LOG.debug("{}: stays", socket, e);
        }
    }
}
