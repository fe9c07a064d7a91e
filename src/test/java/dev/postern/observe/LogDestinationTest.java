package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.config.LogRotation;
import dev.postern.config.Syslog;
import dev.postern.testing.HandClock;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainDatagramSocketAddress;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are put away, and receivers of syslog that listen on real sockets. */
class LogDestinationTest {
    private static final String LINES = "{\"a\":1}\n{\"b\":2}\n";
    private static final String HEAD = "<134>1 2026-01-02T03:04:05Z [^ ]+ postern [0-9]+ - - ";

    private final HandClock clock = new HandClock(Instant.parse("2026-01-02T03:04:05Z"));

    @TempDir
    private Path directory;

    private static void write(LogDestination to, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        to.write(bytes, bytes.length);
    }

    private FileDestination file(LogRotation rule) throws IOException {
        return FileDestination.open(directory.resolve("access.log"), rule, clock, Runnable::run);
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void largeFileIsPutAwayCompressedAndOnlySoManyStay() throws Exception {
        FileDestination file = file(new LogRotation(30, null, 2, true));

        for (int i = 0; i < 8; i++) {
            write(file, LINES);
            clock.advance(Duration.ofSeconds(1));
        }
        write(file, "last\n");
        file.close();

        assertThat(files())
                .containsExactly("access.log", "access.log.20260102T030410Z.gz", "access.log.20260102T030412Z");
        assertThat(directory.resolve("access.log")).hasContent("last");
        try (InputStream in =
                new GZIPInputStream(Files.newInputStream(directory.resolve("access.log.20260102T030410Z.gz")))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.US_ASCII)).isEqualTo(LINES + LINES);
        }
        assertThat(directory.resolve("access.log.20260102T030412Z")).hasContent(LINES + LINES);
    }

    @Test
    void twoOfOneSecondHaveNamesOfTheirOwn() throws Exception {
        FileDestination file = file(new LogRotation(1, null, 9, false));

        write(file, "one\n");
        write(file, "two\n");
        file.close();

        assertThat(files())
                .containsExactly("access.log", "access.log.20260102T030405Z", "access.log.20260102T030405Z-1");
        assertThat(directory.resolve("access.log.20260102T030405Z-1")).hasContent("two");
    }

    @Test
    void oldFileIsPutAwayWithTheFirstLineThatComesThen() throws Exception {
        FileDestination file = file(new LogRotation(0, Duration.ofHours(1), 9, false));

        write(file, "one\n");
        clock.advance(Duration.ofMinutes(59));
        write(file, "two\n");
        assertThat(files()).containsExactly("access.log");
        clock.advance(Duration.ofMinutes(2));
        write(file, "three\n");
        write(file, "four\n");
        file.close();

        assertThat(files()).containsExactly("access.log", "access.log.20260102T040505Z");
        assertThat(directory.resolve("access.log")).hasContent("four");
    }

    @Test
    void filesOfOthersStay() throws Exception {
        Files.writeString(directory.resolve("access.log.1"), "x");
        Files.writeString(directory.resolve("access.log.old"), "x");
        FileDestination file = file(new LogRotation(1, null, 1, false));

        write(file, "one\n");
        clock.advance(Duration.ofSeconds(1));
        write(file, "two\n");
        file.close();

        assertThat(files())
                .containsExactly("access.log", "access.log.1", "access.log.20260102T030406Z", "access.log.old");
    }

    @Test
    void syslogOverUdpIsADatagramForEachLine() throws Exception {
        try (DatagramSocket receiver = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            receiver.setSoTimeout(10_000);
            SyslogDestination to = new SyslogDestination(
                    new Syslog(Syslog.Transport.UDP, "127.0.0.1", receiver.getLocalPort()), clock);

            write(to, LINES);

            assertThat(received(receiver)).matches(HEAD + "\\{\"a\":1}");
            assertThat(received(receiver)).matches(HEAD + "\\{\"b\":2}");
            to.close();
        }
    }

    private static String received(DatagramSocket receiver) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        receiver.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
    }

    @Test
    void syslogOverTcpSaysHowLongEachMessageIsAndConnectsAgain() throws Exception {
        try (ServerSocket receiver = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            SyslogDestination to = new SyslogDestination(
                    new Syslog(Syslog.Transport.TCP, "127.0.0.1", receiver.getLocalPort()), clock);

            write(to, LINES);
            try (Socket first = receiver.accept()) {
                assertThat(framed(first)).matches(HEAD + "\\{\"a\":1}");
                assertThat(framed(first)).matches(HEAD + "\\{\"b\":2}");
                first.setSoLinger(true, 0);
            }
            int lost = 0;
            for (int i = 0; i < 1000 && lost == 0; i++) {
                try {
                    write(to, LINES);
                } catch (IOException e) {
                    lost = to.linesNotWritten(new byte[0], 0);
                }
            }
            assertThat(lost).isEqualTo(2);
            // Not at once: whoever is down is not to be asked with every batch.
            assertThatThrownBy(() -> write(to, LINES)).hasMessageContaining("a moment ago");
            clock.advance(Duration.ofSeconds(2));
            write(to, "again\n");
            try (Socket second = receiver.accept()) {
                assertThat(framed(second)).endsWith(" - - again");
            }
            to.close();
        }
    }

    private static String framed(Socket socket) throws IOException {
        socket.setSoTimeout(10_000);
        int length = 0;
        for (int c = socket.getInputStream().read();
                c != ' ';
                c = socket.getInputStream().read()) {
            length = 10 * length + c - '0';
        }
        return new String(socket.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
    }

    @Test
    void syslogGoesToAUnixSocketAsItDoesToDevLog() throws Exception {
        Path path = directory.resolve("log");
        io.netty.channel.unix.Socket receiver = receiver(path);
        try {
            SyslogDestination to = new SyslogDestination(new Syslog(Syslog.Transport.UNIX, path.toString(), 0), clock);

            write(to, LINES);

            assertThat(received(receiver)).matches(HEAD + "\\{\"a\":1}");
            to.close();
        } finally {
            receiver.close();
        }
    }

    // By default its queue takes ten: with any pause of whoever reads it the lines of a whole second were lost.
    @Test
    void receiverOfDatagramsThatPausesLosesNothing() throws Exception {
        Path path = directory.resolve("log");
        io.netty.channel.unix.Socket receiver = receiver(path);
        try {
            SyslogDestination to = new SyslogDestination(new Syslog(Syslog.Transport.UNIX, path.toString(), 0), clock);
            List<String> lines =
                    IntStream.range(0, 700).mapToObj(i -> "line " + i).toList();
            FutureTask<Boolean> writing = new FutureTask<>(() -> {
                write(to, String.join("\n", lines) + "\n");
                return true;
            });
            Thread writer = new Thread(writing, "log-writer-test");
            writer.start();

            // It waits, or has given up.
            while (writer.getState() == Thread.State.RUNNABLE || writer.getState() == Thread.State.NEW) {
                Thread.onSpinWait();
            }
            List<String> got = new ArrayList<>();
            while (got.size() < lines.size()) {
                // Asked first: what it sends at its end is there afterwards.
                boolean maySend = writer.isAlive();
                String next = received(receiver);
                if (next != null) {
                    got.add(next.replaceFirst(HEAD, ""));
                } else if (!maySend) {
                    break;
                }
            }

            assertThat(writing.get(10, TimeUnit.SECONDS)).isTrue();
            assertThat(got).isEqualTo(lines);
            to.close();
        } finally {
            receiver.close();
        }
    }

    @Test
    void receiverOfDatagramsThatStandsStillIsAskedAgainAtOnce() throws Exception {
        Path path = directory.resolve("log");
        io.netty.channel.unix.Socket receiver = receiver(path);
        try {
            SyslogDestination to = new SyslogDestination(new Syslog(Syslog.Transport.UNIX, path.toString(), 0), clock);

            assertThatThrownBy(() -> write(to, "line\n".repeat(10_000))).hasMessageContaining("too slow");
            int lost = to.linesNotWritten(new byte[0], 0);
            for (int i = 0; i < 10_000 - lost; i++) {
                assertThat(received(receiver)).endsWith(" - - line");
            }
            write(to, "again\n");

            assertThat(received(receiver)).endsWith(" - - again");
            to.close();
        } finally {
            receiver.close();
        }
    }

    private static io.netty.channel.unix.Socket receiver(Path path) throws IOException {
        // Loads the native library.
        assertThat(Epoll.isAvailable()).isTrue();
        io.netty.channel.unix.Socket receiver = io.netty.channel.unix.Socket.newSocketDomainDgram();
        receiver.bind(new DomainSocketAddress(path.toString()));
        return receiver;
    }

    /** Null where nothing is there. */
    private static @Nullable String received(io.netty.channel.unix.Socket receiver) throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(2000);
        DomainDatagramSocketAddress got = receiver.recvFromDomainSocket(message, 0, 2000);
        if (got == null) {
            return null;
        }
        byte[] bytes = new byte[got.receivedAmount()];
        message.get(0, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    @Test
    void whereNobodyListensLinesAreLostAndCounted() {
        SyslogDestination to =
                new SyslogDestination(new Syslog(Syslog.Transport.UNIX, directory + "/nobody", 0), clock);

        assertThatThrownBy(() -> write(to, LINES)).isInstanceOf(IOException.class);
        assertThat(to.linesNotWritten(new byte[0], 0)).isEqualTo(2);
    }
}
