package dev.postern.ca.acme;

import dev.postern.ca.acme.HttpPort.Answers;
import dev.postern.ca.acme.HttpPort.Limits;
import dev.postern.time.MonotonicClock;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection of {@link HttpPort}: request after request, <a href="https://datatracker.ietf.org/doc/html/rfc9112">RFC 9112</a>. */
final class HttpConnection {
    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);

    /** For the end of a request that was refused while it was still being sent. */
    private static final Duration LINGER = Duration.ofSeconds(2);

    private final Socket socket;
    private final @Nullable SSLContext tls;
    private final Limits limits;
    private final Answers answers;

    private Socket stream; // what is read and written: the socket, or TLS over it
    private InputStream in = InputStream.nullInputStream();
    private OutputStream out = OutputStream.nullOutputStream();
    private long deadlineNanos;

    HttpConnection(Socket socket, @Nullable SSLContext tls, Limits limits, Answers answers) {
        this.socket = socket;
        this.tls = tls;
        this.limits = limits;
        this.answers = answers;
        this.stream = socket;
    }

    /** The request cannot be understood: answered so, and the connection closed. */
    private static final class BadRequest extends IOException {
        private static final long serialVersionUID = 1;

        private final int status;

        BadRequest(int status, String why) {
            super(why);
            this.status = status;
        }
    }

    private record Head(String method, String target, String version, Map<String, String> headers) {
        Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name));
        }

        boolean keepsAlive() {
            String connection = header("Connection").orElse("").toLowerCase(Locale.ROOT);
            return version.equals("HTTP/1.1") ? !connection.contains("close") : connection.contains("keep-alive");
        }
    }

    /** Closes it from another thread, without a word to the client. */
    void abort() {
        reset();
    }

    void run() {
        try {
            socket.setTcpNoDelay(true);
            deadlineNanos = System.nanoTime() + limits.request().toNanos();
            if (tls != null) {
                SSLSocket secured = (SSLSocket) tls.getSocketFactory().createSocket(socket, null, false);
                stream = secured;
                stream.setSoTimeout(millisLeft());
                secured.startHandshake();
            }
            in = new BufferedInputStream(stream.getInputStream());
            out = stream.getOutputStream();
            while (exchange()) {
                // The next request of this connection.
            }
            stream.close();
        } catch (IOException | RuntimeException e) {
            LOG.debug("internal ca: a connection ended: {}", e.toString());
        } finally {
            try {
                socket.close();
            } catch (IOException e) {
                LOG.debug("internal ca: closing a connection", e);
            }
        }
    }

    /** False where it was the last one. */
    private boolean exchange() throws IOException {
        if (!awaitRequest()) {
            return false;
        }
        try {
            Head head = head();
            byte[] body = body(head);
            boolean isWhole = body.length <= limits.body();
            AcmeReply reply = answers.answer(head.method(), head.target(), head.headers(), body);
            boolean goesOn = send(reply, head.method().equals("HEAD"), isWhole && head.keepsAlive());
            if (!isWhole) {
                drain();
            }
            return goesOn;
        } catch (BadRequest e) {
            send(
                    AcmeReply.problem(e.status, Problem.of(ProblemType.MALFORMED, String.valueOf(e.getMessage()))),
                    false,
                    false);
            drain();
            return false;
        }
    }

    /** Closing with bytes unread would reset the connection, and the client might never read its answer. */
    private void drain() throws IOException {
        stream.shutdownOutput();
        stream.setSoTimeout((int) LINGER.toMillis());
        byte[] buffer = new byte[8192];
        for (long read = 0; read < 64L * limits.body(); ) {
            int count = in.read(buffer);
            if (count < 0) {
                return;
            }
            read += count;
        }
    }

    private boolean awaitRequest() throws IOException {
        in.mark(1);
        stream.setSoTimeout((int) limits.idle().toMillis());
        try {
            if (in.read() < 0) {
                return false;
            }
        } catch (SocketTimeoutException e) {
            return false;
        }
        in.reset();
        deadlineNanos = System.nanoTime() + limits.request().toNanos();
        return true;
    }

    private Head head() throws IOException {
        int[] left = {limits.head()};
        String[] first = line(left).split(" ", -1);
        if (first.length != 3 || !first[2].startsWith("HTTP/1.")) {
            throw new BadRequest(400, "request line: not one of HTTP/1.1");
        }
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(left); !line.isEmpty(); line = line(left)) {
            int colon = line.indexOf(':');
            if (colon <= 0) {
                throw new BadRequest(400, "header: not a name and a value");
            }
            headers.put(line.substring(0, colon), line.substring(colon + 1).trim());
        }
        return new Head(first[0], first[1], first[2], headers);
    }

    /** At most one byte more than the limit. */
    private byte[] body(Head head) throws IOException {
        Optional<String> encoding = head.header("Transfer-Encoding");
        Optional<String> length = head.header("Content-Length");
        if (encoding.isEmpty() && length.isEmpty()) {
            return new byte[0];
        }
        if (encoding.isPresent() && (length.isPresent() || !encoding.get().equalsIgnoreCase("chunked"))) {
            throw new BadRequest(400, "body: either a Content-Length or chunked");
        }
        if (head.header("Expect").orElse("").equalsIgnoreCase("100-continue")) {
            out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            if (encoding.isPresent()) {
                for (long size = chunkSize(); size > 0 && body.size() <= limits.body(); size = chunkSize()) {
                    copy(size, body);
                    if (body.size() <= limits.body()) {
                        line(new int[] {2});
                    }
                }
                if (body.size() <= limits.body()) {
                    int[] left = {limits.head()};
                    while (!line(left).isEmpty()) {
                        // Trailers mean nothing here.
                    }
                }
            } else {
                copy(nonNegative(Long.parseLong(length.orElse(""))), body);
            }
        } catch (NumberFormatException e) {
            throw new BadRequest(400, "body: its length is not a number");
        }
        return body.toByteArray();
    }

    private long chunkSize() throws IOException {
        return nonNegative(Long.parseLong(line(new int[] {256}).split(";", 2)[0].trim(), 16));
    }

    private static long nonNegative(long value) {
        if (value < 0) {
            throw new NumberFormatException("negative");
        }
        return value;
    }

    private void copy(long count, ByteArrayOutputStream to) throws IOException {
        long wanted = Math.min(count, limits.body() + 1L - to.size());
        byte[] buffer = new byte[8192];
        while (wanted > 0) {
            stream.setSoTimeout(millisLeft());
            int read = in.read(buffer, 0, (int) Math.min(buffer.length, wanted));
            if (read < 0) {
                throw new EOFException("body ended early");
            }
            to.write(buffer, 0, read);
            wanted -= read;
        }
    }

    private String line(int[] left) throws IOException {
        StringBuilder line = new StringBuilder();
        while (true) {
            if (left[0]-- < 0) {
                throw new BadRequest(431, "head: longer than " + limits.head() + " bytes");
            }
            stream.setSoTimeout(millisLeft());
            int b = in.read();
            if (b < 0) {
                throw new EOFException("head ended early");
            }
            if (b == '\n') {
                int end = line.length();
                return end > 0 && line.charAt(end - 1) == '\r' ? line.substring(0, end - 1) : line.toString();
            }
            line.append((char) b);
        }
    }

    private boolean send(AcmeReply reply, boolean isHead, boolean keepsAlive) throws IOException {
        byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
        switch (reply.delivery()) {
            case RESET -> {
                reset();
                return false;
            }
            case SILENT -> {
                awaitClient();
                return false;
            }
            case WHOLE, STALLED, TRUNCATED, DRIPPING -> {}
        }
        StringBuilder head = new StringBuilder("HTTP/1.1 " + reply.status() + " " + phrase(reply.status()) + "\r\n");
        reply.headers().forEach(header -> head.append(header.name() + ": " + header.value() + "\r\n"));
        if (!isHead && reply.status() != 204) {
            head.append("Content-Length: " + body.length + "\r\n");
        }
        head.append(keepsAlive ? "\r\n" : "Connection: close\r\n\r\n");
        ByteArrayOutputStream first = new ByteArrayOutputStream();
        first.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
        boolean hasBody = !isHead && reply.status() != 204;
        switch (reply.delivery()) {
            case WHOLE -> {
                if (hasBody) {
                    first.writeBytes(body);
                }
                out.write(first.toByteArray());
                return keepsAlive;
            }
            case STALLED, TRUNCATED -> {
                first.write(body, 0, hasBody ? body.length / 2 : 0);
                out.write(first.toByteArray());
                if (reply.delivery() == Delivery.STALLED) {
                    awaitClient();
                }
                return false;
            }
            case DRIPPING -> {
                out.write(first.toByteArray());
                for (int i = 0; hasBody && i < body.length; i++) {
                    pause(limits.drip());
                    out.write(body[i]);
                }
                return keepsAlive;
            }
            case RESET, SILENT -> throw new IllegalStateException("answered before");
        }
        throw new IllegalStateException("delivery: " + reply.delivery());
    }

    /** Until the client gives up, or we are closed. */
    private void awaitClient() throws IOException {
        stream.setSoTimeout(0);
        while (in.read() >= 0) {
            // Whatever it still says.
        }
    }

    private static void pause(Duration pause) throws IOException {
        try {
            MonotonicClock.SYSTEM.await(pause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** A reset rather than an end: whatever was not sent is dropped, and the client's next read fails. */
    private void reset() {
        try {
            socket.setSoLinger(true, 0);
        } catch (SocketException e) {
            LOG.debug("internal ca: resetting a connection", e);
        }
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("internal ca: closing a connection", e);
        }
    }

    private int millisLeft() throws SocketTimeoutException {
        long millis = Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis();
        if (millis <= 0) {
            throw new SocketTimeoutException("no complete request in time");
        }
        return (int) Math.min(millis, Integer.MAX_VALUE);
    }

    private static String phrase(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 201 -> "Created";
            case 204 -> "No Content";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 409 -> "Conflict";
            case 413 -> "Content Too Large";
            case 415 -> "Unsupported Media Type";
            case 429 -> "Too Many Requests";
            case 500 -> "Internal Server Error";
            case 503 -> "Service Unavailable";
            default -> "Status " + status;
        };
    }
}
