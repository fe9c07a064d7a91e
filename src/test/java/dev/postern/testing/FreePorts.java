package dev.postern.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Ports that must be known before their server starts, or be the same after a restart. Outside the range from which the
 * kernel takes the ports of outgoing connections: a client of another test must not be given one in between.
 */
public final class FreePorts {
    private static final int LOWEST = 10_000;

    /** Linux's {@code net.ipv4.ip_local_port_range} begins above. */
    private static final int HIGHEST = 32_000;

    /** A file for each that was given, locked until the process ends: tests run in several, and several suites on one machine. */
    private static final Path GIVEN =
            Path.of(System.getProperty("java.io.tmpdir"), "postern-ports-" + System.getProperty("user.name"));

    private static final Map<Integer, FileLock> OURS = new ConcurrentHashMap<>();

    private FreePorts() {}

    /** A port of 127.0.0.1 that nobody uses; each one is given once, whoever asks. */
    public static int next() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
            if (isOurs(port) && isFree(port)) {
                return port;
            }
        }
    }

    /** The lower one of two ports beside each other. */
    public static int two() {
        while (true) {
            int port = next();
            if (isOurs(port + 1) && isFree(port + 1)) {
                return port;
            }
        }
    }

    private static boolean isOurs(int port) {
        try {
            Files.createDirectories(GIVEN);
            FileChannel file = FileChannel.open(
                    GIVEN.resolve(Integer.toString(port)), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = lock(file);
            if (lock == null) {
                file.close();
                return false;
            }
            OURS.put(port, lock);
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static @Nullable FileLock lock(FileChannel file) throws IOException {
        try {
            return file.tryLock();
        } catch (OverlappingFileLockException byThisProcess) {
            return null;
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException inUse) {
            return false;
        }
    }
}
