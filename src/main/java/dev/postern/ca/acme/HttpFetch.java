package dev.postern.ca.acme;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One GET over one plain connection to one given address, and one deadline for everything. The JDK's HTTP client can
 * neither be told the address of a name, nor ends a body that stalls.
 */
final class HttpFetch implements AutoCloseable {
    /** As much as any server needs for the head of an answer. */
    private static final int HEAD_LIMIT = 16 * 1024;

    private final Socket socket = new Socket();
    private final long deadlineNanos;
    private final int bodyLimit;

    private HttpFetch(Duration timeout, int bodyLimit) {
        this.deadlineNanos = System.nanoTime() + timeout.toNanos();
        this.bodyLimit = bodyLimit;
    }

    /** @param headers names in lower case; of several with one name the first */
    record Response(int status, Map<String, String> headers, String body) {
        Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name));
        }
    }

    /**
     * Fetches {@code target} from {@code address}.
     *
     * @param authority the Host header
     * @param bodyLimit bytes; a longer body is an IOException
     */
    static Response get(InetAddress address, int port, String authority, String target, Duration timeout, int bodyLimit)
            throws IOException {
        try (HttpFetch fetch = new HttpFetch(timeout, bodyLimit)) {
            return fetch.run(new InetSocketAddress(address, port), authority, target);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private Response run(InetSocketAddress address, String authority, String target) throws IOException {
        socket.connect(address, millisLeft());
        String request = "GET " + target + " HTTP/1.1\r\nHost: " + authority
                + "\r\nUser-Agent: postern-internal-ca\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        InputStream in = socket.getInputStream();

        String[] lines = head(in).split("\r?\n", -1);
        String[] statusLine = lines[0].split(" ", 3);
        if (statusLine.length < 2
                || !statusLine[0].startsWith("HTTP/1.")
                || !statusLine[1].matches("[1-5][0-9][0-9]")) {
            throw new IOException("not an HTTP answer: \"" + lines[0] + "\"");
        }
        Map<String, String> headers = new HashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0) {
                headers.putIfAbsent(
                        lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                        lines[i].substring(colon + 1).trim());
            }
        }
        return new Response(Integer.parseInt(statusLine[1]), headers, body(in, headers));
    }

    private String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < HEAD_LIMIT) {
            head.append((char) read(in));
            if (head.length() >= 4 && head.charAt(head.length() - 1) == '\n') {
                if (head.lastIndexOf("\r\n\r\n") == head.length() - 4
                        || head.lastIndexOf("\n\n") == head.length() - 2) {
                    return head.toString();
                }
            }
        }
        throw new IOException("head of the answer is longer than " + HEAD_LIMIT + " bytes");
    }

    private String body(InputStream in, Map<String, String> headers) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            if ("chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) {
                for (int size = chunkSize(in); size > 0; size = chunkSize(in)) {
                    copy(in, size, body);
                    line(in);
                }
            } else if (headers.containsKey("content-length")) {
                copy(in, Long.parseLong(headers.getOrDefault("content-length", "")), body);
            } else {
                for (int b = readOrEnd(in); b >= 0; b = readOrEnd(in)) {
                    append(body, b);
                }
            }
        } catch (NumberFormatException e) {
            throw new IOException("length of the answer is not a number", e);
        }
        return body.toString(StandardCharsets.UTF_8);
    }

    private int chunkSize(InputStream in) throws IOException {
        return Integer.parseInt(line(in).split(";", 2)[0].trim(), 16);
    }

    private String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = read(in); b != '\n'; b = read(in)) {
            if (line.length() >= HEAD_LIMIT) {
                throw new IOException("line of the answer is longer than " + HEAD_LIMIT + " bytes");
            }
            line.append((char) b);
        }
        return line.toString();
    }

    private void copy(InputStream in, long count, ByteArrayOutputStream to) throws IOException {
        for (long i = 0; i < count; i++) {
            append(to, read(in));
        }
    }

    private void append(ByteArrayOutputStream body, int b) throws IOException {
        if (body.size() >= bodyLimit) {
            throw new IOException("body of the answer is longer than " + bodyLimit + " bytes");
        }
        body.write(b);
    }

    private int read(InputStream in) throws IOException {
        int b = readOrEnd(in);
        if (b < 0) {
            throw new EOFException("answer ended early");
        }
        return b;
    }

    // Byte by byte from the socket: answers are a few hundred bytes long, and the deadline is checked at each.
    private int readOrEnd(InputStream in) throws IOException {
        socket.setSoTimeout(millisLeft());
        return in.read();
    }

    private int millisLeft() throws SocketTimeoutException {
        long millis = Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis();
        if (millis <= 0) {
            throw new SocketTimeoutException("no complete answer in time");
        }
        return (int) Math.min(millis, Integer.MAX_VALUE);
    }
}
