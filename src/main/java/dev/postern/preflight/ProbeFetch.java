package dev.postern.preflight;

import dev.postern.config.Durations;
import dev.postern.pki.AnyCertificate;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One GET over one plain connection to one address, as a CA that validates HTTP-01 makes it; one deadline for all of it. */
final class ProbeFetch implements AutoCloseable {
    /** Head and body: a probe's answer has some hundred bytes. What comes after is not read. */
    private static final int LIMIT = 16 * 1024;

    private final Socket plain = new Timed();
    private Socket socket = plain;
    private final long end;

    /** Each read, of a TLS handshake as well, has what is left of the time: a byte now and then does not prolong it. */
    private final class Timed extends Socket {
        @Override
        public InputStream getInputStream() throws IOException {
            return new FilterInputStream(super.getInputStream()) {
                @Override
                public int read() throws IOException {
                    setSoTimeout(millisLeft());
                    return super.read();
                }

                @Override
                public int read(byte[] buffer, int offset, int length) throws IOException {
                    setSoTimeout(millisLeft());
                    return super.read(buffer, offset, length);
                }
            };
        }
    }

    private ProbeFetch(Duration deadline) {
        this.end = System.nanoTime() + deadline.toNanos();
    }

    /**
     * @param location of a redirect; null where there is none
     * @param server the header, cut; empty where there is none
     */
    record Answer(int status, @Nullable String location, String server, String body) {}

    /** @param tls whether the connection is TLS; whatever certificate is shown is taken, as a CA does (it may be the old one) */
    static Answer get(InetAddress address, int port, boolean tls, String host, String target, Duration deadline)
            throws IOException {
        try (ProbeFetch fetch = new ProbeFetch(deadline)) {
            fetch.plain.connect(new InetSocketAddress(address, port), fetch.millisLeft());
            if (tls) {
                fetch.socket = AnyCertificate.context().getSocketFactory().createSocket(fetch.plain, host, port, true);
            }
            fetch.socket
                    .getOutputStream()
                    .write(("GET " + target + " HTTP/1.1\r\nHost: " + host
                                    + "\r\nUser-Agent: postern-preflight\r\nAccept: */*\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return fetch.read();
        } catch (IOException e) {
            throw told(e, deadline);
        }
    }

    /** Whether it takes connections; the connection is closed at once. */
    static void connect(InetAddress address, int port, Duration deadline) throws IOException {
        try (ProbeFetch fetch = new ProbeFetch(deadline)) {
            fetch.plain.connect(new InetSocketAddress(address, port), fetch.millisLeft());
        } catch (IOException e) {
            throw told(e, deadline);
        }
    }

    /** TLS wraps the end of the time in failures of its own. */
    private static IOException told(IOException failure, Duration deadline) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SocketTimeoutException) {
                return new IOException("no answer within " + Durations.text(deadline), failure);
            }
        }
        return failure;
    }

    @Override
    public void close() throws IOException {
        socket.close();
        plain.close();
    }

    private int millisLeft() throws SocketTimeoutException {
        long millis = Duration.ofNanos(end - System.nanoTime()).toMillis();
        if (millis <= 0) {
            throw new SocketTimeoutException();
        }
        return (int) millis;
    }

    /** The connection is closed after the answer, or enough has come: chunks are not taken apart, the text is found in them. */
    private Answer read() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] buffer = new byte[2048];
        InputStream in = socket.getInputStream();
        while (all.size() < LIMIT && !isWhole(text(all))) {
            int count = in.read(buffer);
            if (count < 0) {
                break;
            }
            all.write(buffer, 0, count);
        }
        return parse(text(all));
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    private static boolean isWhole(String text) {
        int head = text.indexOf("\r\n\r\n");
        String length = head < 0 ? "" : field(text.substring(0, head), "content-length");
        return length.matches("[0-9]{1,6}") && text.length() >= head + 4 + Integer.parseInt(length);
    }

    private static Answer parse(String text) throws IOException {
        if (text.isEmpty()) {
            throw new EOFException("the connection was closed without an answer");
        }
        if (!text.matches("(?s)HTTP/1\\.[01] [1-5][0-9][0-9].*")) {
            throw new IOException("what answers is not HTTP");
        }
        int gap = text.indexOf("\r\n\r\n");
        String head = gap < 0 ? text : text.substring(0, gap);
        int status = Integer.parseInt(text.substring(9, 12));
        String location = field(head, "location");
        String server = field(head, "server");
        return new Answer(
                status,
                location.isEmpty() ? null : location,
                server.length() > 40 ? server.substring(0, 40) : server,
                gap < 0 ? "" : text.substring(gap + 4));
    }

    private static String field(String head, String name) {
        return head.lines()
                .skip(1)
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).trim().replaceAll("[^ -~]", "?"))
                .findFirst()
                .orElse("");
    }
}
