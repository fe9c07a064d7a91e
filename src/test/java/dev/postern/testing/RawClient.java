package dev.postern.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** A client that sends exactly the bytes it is given: what HTTP libraries refuse to send is what an edge has to refuse. */
public final class RawClient implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;

    /** A response as it came; {@code body} without chunk framing. */
    public record Response(String head, String body) {
        public int status() {
            return Integer.parseInt(head.substring(9, 12));
        }

        public List<String> header(String name) {
            String prefix = name.toLowerCase(Locale.ROOT) + ":";
            return head.lines()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
                    .map(line -> line.substring(prefix.length()).strip())
                    .toList();
        }
    }

    private final Socket socket;
    private final InputStream in;
    private final List<String> trailers = new ArrayList<>();
    private boolean ended;

    private RawClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        this.in = new BufferedInputStream(socket.getInputStream());
    }

    public static RawClient plain(int port) {
        try {
            return over(new Socket(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static RawClient over(Socket socket) throws IOException {
        return new RawClient(socket);
    }

    /** @param serverName the SNI; the handshake is complete when this returns */
    public static RawClient tls(int port, SSLContext trust, String serverName) throws IOException {
        return tls(port, trust, serverName, parameters -> {});
    }

    /** @param parameters the last word on what the client offers */
    public static RawClient tls(int port, SSLContext trust, String serverName, Consumer<SSLParameters> parameters)
            throws IOException {
        return tls(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), trust, serverName, parameters);
    }

    /** @param serverName the SNI; the handshake is complete when this returns */
    public static RawClient tls(InetSocketAddress address, SSLContext trust, String serverName) throws IOException {
        return tls(address, trust, serverName, parameters -> {});
    }

    private static RawClient tls(
            InetSocketAddress address, SSLContext trust, String serverName, Consumer<SSLParameters> parameters)
            throws IOException {
        Socket plain = new Socket(address.getAddress(), address.getPort());
        SSLSocket socket =
                (SSLSocket) trust.getSocketFactory().createSocket(plain, serverName, address.getPort(), true);
        SSLParameters offered = socket.getSSLParameters();
        offered.setServerNames(List.of(new SNIHostName(serverName)));
        offered.setEndpointIdentificationAlgorithm("HTTPS");
        offered.setCipherSuites(Trust.ciphers());
        parameters.accept(offered);
        socket.setSSLParameters(offered);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.startHandshake();
        return new RawClient(socket);
    }

    public Socket socket() {
        return socket;
    }

    public InputStream in() {
        return in;
    }

    public RawClient send(String text) {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public RawClient send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a head of these lines, without a body. */
    public RawClient request(String... lines) {
        return send(String.join("\r\n", lines) + "\r\n\r\n");
    }

    /** A GET for {@code path} with this Host, and what comes back. */
    public Response get(String host, String path) {
        return send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").response();
    }

    /** The next response, its body read by the framing it declares; interim ones are returned like any other. */
    public Response response() {
        return response(false);
    }

    /** @param headOnly whether the request was a HEAD, so that no body follows */
    public Response response(boolean headOnly) {
        try {
            String head = until("\r\n\r\n");
            Response bare = new Response(head, "");
            int status = bare.status();
            if (headOnly || status < 200 || status == 204 || status == 304) {
                return bare;
            }
            if (!bare.header("Transfer-Encoding").isEmpty()) {
                return new Response(head, chunked());
            }
            if (bare.header("Content-Length").isEmpty()) {
                return new Response(head, new String(in.readAllBytes(), StandardCharsets.ISO_8859_1));
            }
            int length = Integer.parseInt(bare.header("Content-Length").get(0));
            byte[] body = in.readNBytes(length);
            if (body.length < length) {
                throw new IOException("connection closed after " + body.length + " of " + length + " bytes");
            }
            return new Response(head, new String(body, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The trailer lines of the last chunked response. */
    public List<String> trailers() {
        return trailers;
    }

    private String chunked() throws IOException {
        StringBuilder body = new StringBuilder();
        trailers.clear();
        while (true) {
            int size = Integer.parseInt(until("\r\n").strip(), 16);
            if (size == 0) {
                for (String line = until("\r\n"); !line.equals("\r\n"); line = until("\r\n")) {
                    trailers.add(line.strip());
                }
                return body.toString();
            }
            body.append(new String(in.readNBytes(size), StandardCharsets.ISO_8859_1));
            until("\r\n");
        }
    }

    private String until(String end) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            bytes.write(octet);
            if (octet == '\n' && bytes.toString(StandardCharsets.ISO_8859_1).endsWith(end)) {
                return bytes.toString(StandardCharsets.ISO_8859_1);
            }
        }
        throw new IOException("connection closed after \"" + bytes.toString(StandardCharsets.ISO_8859_1) + "\"");
    }

    /** Returns when there is something to be read, or the other side has closed; both are left for who reads next. */
    void awaitByte(Duration patience) throws IOException {
        int before = socket.getSoTimeout();
        socket.setSoTimeout((int) Math.max(1, patience.toMillis()));
        try {
            in.mark(1);
            in.read();
            in.reset();
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException reset) {
            // As good as closed.
        } finally {
            socket.setSoTimeout(before);
        }
    }

    /** All that still comes, until the other side closes or resets; fails where it does neither within ten seconds. */
    public byte[] untilClosed() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                bytes.write(octet);
            }
            ended = true;
        } catch (SocketTimeoutException e) {
            throw new UncheckedIOException(e);
        } catch (IOException reset) {
            // As good as closed.
        }
        return bytes.toByteArray();
    }

    /** Whether the other side closes, after whatever it may still send; false where it has not within ten seconds. */
    public boolean isClosedByPeer() {
        try {
            while (in.read() >= 0) {
                // Whatever it was.
            }
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    /**
     * Where the other side has closed, by a reset: it leaves nothing in the kernel, where thousands of connections that were
     * make each look at {@link KernelQueues} dear for a minute.
     */
    @Override
    public void close() {
        try {
            if (ended && !(socket instanceof SSLSocket)) {
                socket.setSoLinger(true, 0);
            }
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
