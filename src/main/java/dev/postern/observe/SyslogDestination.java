package dev.postern.observe;

import dev.postern.config.Syslog;
import dev.postern.machine.HostName;
import dev.postern.wire.UnixDatagrams;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Lines as messages of <a href="https://datatracker.ietf.org/doc/html/rfc5424">RFC 5424</a>: a datagram each, or over one TCP
 * connection with their length in front. A connection that breaks is made again with the next batch, not more often than once a
 * second; what comes meanwhile is lost, and counted. A receiver that is slow is waited for.
 */
final class SyslogDestination implements LogDestination {
    /** local0.info */
    private static final int PRIORITY = 16 * 8 + 6;

    /** What UDP over IPv4 takes, less what is in front of a line. */
    private static final int LONGEST = 60 * 1024;

    /** Whoever takes them is there, and does not keep up: it need not be found again. */
    private static final class NoRoom extends IOException {
        NoRoom() {
            super("whoever reads it is too slow");
        }
    }

    private static final int CONNECT_MILLIS = 3000;
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private final Syslog config;
    private final InstantSource clock;
    private final String tail;
    private @Nullable DatagramSocket datagrams;
    private @Nullable UnixDatagrams unix;
    private @Nullable Socket socket;
    private Instant failedAt = Instant.EPOCH;
    private int left;

    SyslogDestination(Syslog config, InstantSource clock) {
        this.config = config;
        this.clock = clock;
        this.tail =
                " " + HostName.or("-") + " postern " + ProcessHandle.current().pid() + " - - ";
    }

    @Override
    public void write(byte[] bytes, int length) throws IOException {
        left = lines(bytes, 0, length);
        Instant now = clock.instant();
        if (failedAt.plus(AGAIN).isAfter(now) && !failedAt.isAfter(now)) {
            throw new IOException("not reached a moment ago");
        }
        byte[] head = ("<" + PRIORITY + ">1 " + now.truncatedTo(ChronoUnit.MILLIS) + tail)
                .getBytes(StandardCharsets.US_ASCII);
        try {
            int from = 0;
            for (int i = 0; i < length; i++) {
                if (bytes[i] == '\n') {
                    send(head, bytes, from, Math.min(i, from + LONGEST));
                    left--;
                    from = i + 1;
                }
            }
            flush();
        } catch (NoRoom e) {
            throw e;
        } catch (IOException e) {
            failedAt = now;
            close();
            throw e;
        }
    }

    private void send(byte[] head, byte[] bytes, int from, int to) throws IOException {
        byte[] message = Arrays.copyOf(head, head.length + to - from);
        System.arraycopy(bytes, from, message, head.length, to - from);
        switch (config.transport()) {
            case UDP -> {
                DatagramSocket open = datagrams;
                if (open == null) {
                    open = new DatagramSocket();
                    datagrams = open;
                    open.connect(new InetSocketAddress(InetAddress.getByName(config.host()), config.port()));
                }
                open.send(new DatagramPacket(message, message.length));
            }
            case UNIX -> {
                UnixDatagrams open = unix;
                if (open == null) {
                    open = UnixDatagrams.to(config.host());
                    unix = open;
                }
                if (!open.send(message)) {
                    throw new NoRoom();
                }
            }
            case TCP -> {
                OutputStream out = connected().getOutputStream();
                byte[] count = (message.length + " ").getBytes(StandardCharsets.US_ASCII);
                byte[] framed = Arrays.copyOf(count, count.length + message.length);
                System.arraycopy(message, 0, framed, count.length, message.length);
                out.write(framed);
            }
        }
    }

    private Socket connected() throws IOException {
        Socket open = socket;
        if (open == null) {
            open = new Socket();
            open.connect(new InetSocketAddress(InetAddress.getByName(config.host()), config.port()), CONNECT_MILLIS);
            open.setTcpNoDelay(false);
            socket = open;
        } else if (open.getInputStream().available() > 0) {
            // Servers of syslog say nothing; what they do say is nothing to us.
            long unused = open.getInputStream().skip(Long.MAX_VALUE);
        }
        return open;
    }

    private void flush() throws IOException {
        if (socket != null) {
            socket.getOutputStream().flush();
        }
    }

    private static int lines(byte[] bytes, int from, int to) {
        int lines = 0;
        for (int i = from; i < to; i++) {
            if (bytes[i] == '\n') {
                lines++;
            }
        }
        return lines;
    }

    @Override
    public int linesNotWritten(byte[] bytes, int length) {
        return left;
    }

    /** Connects anew with the next batch. */
    @Override
    public void reopen() {
        close();
    }

    @Override
    public void close() {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException e) {
            // It is of no use any more, whichever way.
        }
        if (datagrams != null) {
            datagrams.close();
        }
        if (unix != null) {
            unix.close();
        }
        socket = null;
        datagrams = null;
        unix = null;
    }

    @Override
    public String toString() {
        return config.toString();
    }
}
