package dev.postern.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * What the kernel still holds of what was sent over loopback. A cut between two writes is one for the reader as well only
 * where it has read the first before the second is written: Linux says when ({@code /proc/net/tcp}), and a test that
 * waits for that needs no pause.
 */
public final class KernelQueues {
    private static final List<Path> TABLES = List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

    /**
     * How most lines have it, the thousands of connections that were: {@code "   1: 0100007F:1F90 0100007F:C350 01
     * 00000000:00000000 …"}, local, remote, state, tx_queue:rx_queue.
     */
    private static final String NOTHING = " 00000000:00000000 ";

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
                .pollInterval(Duration.ofMillis(1))
                .until(() -> holding().stream().noneMatch(wanted::contains));
    }

    /** Bytes that were written to {@code socket}, and the other end, which is here as well, has not read. */
    public static long unread(Socket socket) throws IOException {
        Assumptions.assumeTrue(Files.isReadable(TABLES.get(0)), "needs /proc/net/tcp");
        String sender = ends(socket.getLocalPort(), socket.getPort());
        String reader = ends(socket.getPort(), socket.getLocalPort());
        long bytes = 0;
        for (Path table : TABLES) {
            if (Files.isReadable(table)) {
                for (String line : Files.readAllLines(table, StandardCharsets.ISO_8859_1)) {
                    String[] columns = line.strip().split(" +", 6);
                    if (columns.length == 6 && columns[1].contains(":") && columns[4].length() == 17) {
                        String ends = ends(port(columns[1]), port(columns[2]));
                        if (ends.equals(sender)) {
                            bytes += Long.parseLong(columns[4].substring(0, 8), 16);
                        } else if (ends.equals(reader)) {
                            bytes += Long.parseLong(columns[4].substring(9), 16);
                        }
                    }
                }
            }
        }
        return bytes;
    }

    /** The queues in which something lies, by the ports of their connection. */
    private static Set<String> holding() {
        Set<String> holding = new HashSet<>();
        for (Path table : TABLES) {
            if (!Files.isReadable(table)) {
                continue;
            }
            try (Stream<String> lines = Files.lines(table, StandardCharsets.ISO_8859_1)) {
                lines.skip(1).filter(line -> !line.contains(NOTHING)).forEach(line -> {
                    String[] columns = line.strip().split(" +", 6);
                    String ends = ends(port(columns[1]), port(columns[2]));
                    if (!columns[4].startsWith("00000000:")) {
                        holding.add("unsent " + ends);
                    }
                    if (!columns[4].endsWith(":00000000")) {
                        holding.add("unread " + ends);
                    }
                });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return holding;
    }

    private static int port(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1), 16);
    }

    private static String ends(int local, int remote) {
        return local + " " + remote;
    }
}
