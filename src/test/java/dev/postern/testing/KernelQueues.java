package dev.postern.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.pollinterval.IterativePollInterval;
import org.junit.jupiter.api.Assumptions;

/**
 * What the kernel still holds of what was sent over loopback. A cut between two writes is one for the reader as well only
 * where it has read the first before the second is written: Linux says when ({@code /proc/net/tcp}), and a test that
 * waits for that needs no pause.
 */
public final class KernelQueues {
    private static final List<Path> TABLES = List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

    private static final int PORT = 4;
    private static final int QUEUE = 8;

    /** What one socket holds: not sent or not acknowledged, and not read. */
    private record Queues(int local, int remote, long unsent, long unread) {
        boolean isEmpty() {
            return unsent == 0 && unread == 0;
        }
    }

    private KernelQueues() {}

    /** Returns once the other ends of these sockets have read all that was written to them, or are closed. */
    public static void awaitRead(Socket... sockets) {
        Assumptions.assumeTrue(Files.isReadable(TABLES.get(0)), "needs /proc/net/tcp");
        Set<String> wanted = Stream.of(sockets)
                .flatMap(socket -> Stream.of(
                        "unsent " + ends(socket.getLocalPort(), socket.getPort()),
                        "unread " + ends(socket.getPort(), socket.getLocalPort())))
                .collect(Collectors.toSet());
        await().pollDelay(Duration.ZERO)
                // The kernel may acknowledge after 40 ms only, and each look costs some.
                .pollInterval(IterativePollInterval.iterative(wait -> wait.multipliedBy(2), Duration.ofMillis(1)))
                .until(() -> holding().stream()
                        .noneMatch(queues -> (queues.unsent() > 0
                                        && wanted.contains("unsent " + ends(queues.local(), queues.remote())))
                                || (queues.unread() > 0
                                        && wanted.contains("unread " + ends(queues.local(), queues.remote())))));
    }

    /** Bytes that were written to {@code socket}, and the other end, which is here as well, has not read. */
    public static long unread(Socket socket) throws IOException {
        Assumptions.assumeTrue(Files.isReadable(TABLES.get(0)), "needs /proc/net/tcp");
        int here = socket.getLocalPort();
        int there = socket.getPort();
        long bytes = 0;
        for (Queues queues : holding()) {
            if (queues.local() == here && queues.remote() == there) {
                bytes += queues.unsent();
            } else if (queues.local() == there && queues.remote() == here) {
                bytes += queues.unread();
            }
        }
        return bytes;
    }

    /** The sockets that hold anything. */
    private static List<Queues> holding() throws IOException {
        List<Queues> holding = new ArrayList<>();
        for (Path table : TABLES) {
            if (Files.isReadable(table)) {
                collect(Files.readAllBytes(table), table.endsWith("tcp6") ? 32 : 8, holding);
            }
        }
        return holding;
    }

    /**
     * Lines such as {@code "   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 …"}: local, remote, state, tx_queue:rx_queue.
     * There are tens of thousands of them, of connections that were: no strings are made of those.
     *
     * @param address its length in hexadecimal digits
     */
    private static void collect(byte[] text, int address, List<Queues> into) {
        int line = next(text, 0, '\n');
        while (line < text.length) {
            int local = next(text, line, ':') + 1 + address + 1;
            int remote = local + PORT + 1 + address + 1;
            int unsent = remote + PORT + 1 + 2 + 1;
            int unread = unsent + QUEUE + 1;
            if (unread + QUEUE > text.length) {
                return;
            }
            Queues queues = new Queues(
                    (int) number(text, local, PORT),
                    (int) number(text, remote, PORT),
                    number(text, unsent, QUEUE),
                    number(text, unread, QUEUE));
            if (!queues.isEmpty()) {
                into.add(queues);
            }
            line = next(text, unread, '\n');
        }
    }

    /** Behind the next {@code octet}. */
    private static int next(byte[] text, int from, char octet) {
        int at = from;
        while (at < text.length && text[at] != octet) {
            at++;
        }
        return at + 1;
    }

    private static long number(byte[] text, int from, int digits) {
        long number = 0;
        for (int at = from; at < from + digits; at++) {
            number = number << 4 | Character.digit(text[at], 16);
        }
        return number;
    }

    private static String ends(int local, int remote) {
        return local + " " + remote;
    }
}
