package dev.postern.control;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a running daemon takes commands: a UNIX domain socket that only its owner can use, mode 0600 from the moment it
 * has its name. One request per connection; see {@link ControlConnection} for the lines. Threads are the executor's, and
 * none of them is an event loop's.
 */
public final class ControlSocket implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlSocket.class);

    /** As many as orders may run at once; operators are few. */
    static final int MAX_CLIENTS = 4;

    /** Clients that have not said yet what they want; the oldest makes room for one more. */
    static final int MAX_SILENT = 16;

    /** Connections that wait to be accepted; each is accepted at once. */
    private static final int BACKLOG = 16;

    /** Begins with what the store removes at its next start, should a crash leave it behind. */
    private static final String UNFINISHED = ".new-control";

    /** How long accepting rests after it failed: mostly for want of file descriptors. */
    private static final long REST_SECONDS = 1;

    private final Path file;
    private final ServerSocketChannel channel;
    private final @Nullable Object identity;
    private final ControlCommands commands;
    private final ExecutorService threads;
    private final ScheduledExecutorService timer;
    /** The oldest first. */
    @GuardedBy("silent") private final Deque<ControlConnection> silent = new ArrayDeque<>();

    private final Semaphore clients = new Semaphore(MAX_CLIENTS);

    private ControlSocket(
            Path file,
            ServerSocketChannel channel,
            ControlCommands commands,
            ExecutorService threads,
            ScheduledExecutorService timer)
            throws IOException {
        this.file = file;
        this.channel = channel;
        this.identity = identity(file);
        this.commands = commands;
        this.threads = threads;
        this.timer = timer;
    }

    /**
     * Clients can connect from now on, and are heard from {@link #start} on. A socket that a dead daemon left behind is
     * replaced.
     *
     * @param threads grows with its tasks: one for the socket, one for each client
     * @param timer for deadlines only
     * @throws IOException one line: the socket of a living daemon, a file that is no socket, a path that is too long
     */
    public static ControlSocket open(
            Path file, ControlCommands commands, ExecutorService threads, ScheduledExecutorService timer)
            throws IOException {
        requireReplaceable(file);
        return openInPlace(file, commands, threads, timer);
    }

    /**
     * As {@link #open}, in place of a daemon that is about to go: whoever connects from now on is heard here.
     *
     * @throws IOException one line: a path that is too long, or a folder that cannot be written
     */
    public static ControlSocket openInPlace(
            Path file, ControlCommands commands, ExecutorService threads, ScheduledExecutorService timer)
            throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            bind(channel, file);
            return new ControlSocket(file, channel, commands, threads, timer);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw new IOException(file + ": no control socket can be opened here: " + e.getMessage(), e);
        }
    }

    /** Takes commands from now on. */
    public void start() {
        threads.execute(this::accept);
    }

    private static void requireReplaceable(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        BasicFileAttributes attributes =
                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isOther()) {
            throw new IOException(file + ": is not a socket (expected: no file, or the control socket of a daemon that"
                    + " is gone); move it away, or set acme.control-socket");
        }
        boolean living = false;
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            living = probe.connect(UnixDomainSocketAddress.of(file));
        } catch (SocketException refused) {
            LOG.debug("{}: left behind by a daemon that is gone; replaced", file, refused);
        }
        if (living) {
            throw new IOException(file + ": another postern takes commands here; stop it, or set acme.control-socket");
        }
    }

    // Bound where nobody else can reach it, and given its name only with its mode: umask has no say.
    private static void bind(ServerSocketChannel channel, Path file) throws IOException {
        Path hidden = file.resolveSibling(UNFINISHED);
        Path unnamed = hidden.resolve("s");
        removeHidden(hidden, unnamed);
        Files.createDirectory(
                hidden, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try {
            channel.bind(UnixDomainSocketAddress.of(unnamed), BACKLOG);
            Files.setPosixFilePermissions(unnamed, PosixFilePermissions.fromString("rw-------"));
            Files.move(unnamed, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            removeHidden(hidden, unnamed);
        }
    }

    private static void removeHidden(Path hidden, Path unnamed) throws IOException {
        Files.deleteIfExists(unnamed);
        Files.deleteIfExists(hidden);
    }

    /** Tells one file of this name from the next. */
    private static @Nullable Object identity(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    public Path file() {
        return file;
    }

    private void accept() {
        try {
            while (true) {
                serve(channel.accept());
            }
        } catch (ClosedChannelException e) {
            LOG.debug("{}: closed", file);
        } catch (IOException e) {
            LOG.warn("{}: accepting: {}; tried again in {} s", file, e.getMessage(), REST_SECONDS);
            later(() -> threads.execute(this::accept));
        }
    }

    private void later(Runnable task) {
        try {
            var unused = timer.schedule(task, REST_SECONDS, TimeUnit.SECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: stopping", file, e);
        }
    }

    private void serve(SocketChannel client) throws IOException {
        ControlConnection connection = new ControlConnection(client, timer);
        awaitRequest(connection);
        try {
            threads.execute(() -> serve(connection));
        } catch (RejectedExecutionException e) {
            connection.close();
        }
    }

    private void awaitRequest(ControlConnection newcomer) {
        ControlConnection oldest = null;
        synchronized (silent) {
            silent.addLast(newcomer);
            if (silent.size() > MAX_SILENT) {
                oldest = silent.pollFirst();
            }
        }
        if (oldest != null) {
            oldest.close();
        }
    }

    private void serve(ControlConnection connection) {
        try {
            JsonObject request = connection.hear();
            synchronized (silent) {
                silent.remove(connection);
            }
            if (request == null) {
                return;
            }
            if (!clients.tryAcquire()) {
                connection.refuse(ControlFailure.unavailable(
                        MAX_CLIENTS + " commands are under way; try again when one is done"));
                return;
            }
            try {
                connection.obey(commands, request);
            } finally {
                clients.release();
            }
        } finally {
            connection.close();
        }
    }

    /** Takes no more commands; those under way are left to whoever ends the executor. */
    @Override
    public void close() throws IOException {
        channel.close();
        // Another daemon may have taken our place in between: its socket is none of ours.
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && Objects.equals(identity, identity(file))) {
            Files.deleteIfExists(file);
        }
    }
}
