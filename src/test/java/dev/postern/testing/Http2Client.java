package dev.postern.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** An HTTP/2 client that sends what it is told, frame by frame, also what no client would. */
public final class Http2Client extends Http2Wire<Http2Client> {
    private static final int TIMEOUT_MILLIS = 10_000;

    private Http2Client(SSLSocket socket, Socket transport) throws IOException {
        super(socket, transport);
    }

    /** Connects, and has sent its preface and these settings: identifier, value, identifier, value, … */
    public static Http2Client connect(int port, SSLContext trust, String serverName, int... settings)
            throws IOException {
        return connect(new Socket(InetAddress.getLoopbackAddress(), port), trust, serverName, settings);
    }

    /** As another client would: from this address of the loopback network. */
    public static Http2Client connectFrom(String source, int port, SSLContext trust, String serverName)
            throws IOException {
        InetAddress local = InetAddress.getByName(source);
        return connect(new Socket(InetAddress.getLoopbackAddress(), port, local, 0), trust, serverName);
    }

    private static Http2Client connect(Socket transport, SSLContext trust, String serverName, int... settings)
            throws IOException {
        Http2Client client = silent(transport, trust, serverName);
        client.raw(PREFACE.getBytes(StandardCharsets.US_ASCII));
        return client.settings(settings);
    }

    /** Connects, and has sent nothing yet: not even the preface. */
    public static Http2Client silent(int port, SSLContext trust, String serverName) throws IOException {
        return silent(new Socket(InetAddress.getLoopbackAddress(), port), trust, serverName);
    }

    private static Http2Client silent(Socket transport, SSLContext trust, String serverName) throws IOException {
        int port = transport.getPort();
        SSLSocket socket = (SSLSocket) trust.getSocketFactory().createSocket(transport, serverName, port, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        parameters.setServerNames(List.of(new SNIHostName(serverName)));
        parameters.setCipherSuites(Trust.ciphers());
        socket.setSSLParameters(parameters);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.startHandshake();
        if (!"h2".equals(socket.getApplicationProtocol())) {
            throw new IOException("ALPN agreed on \"" + socket.getApplicationProtocol() + "\", not on h2");
        }
        return new Http2Client(socket, transport);
    }

    /** A GET for {@code https://localhost} with these further fields. */
    public Http2Client get(int stream, String path, String... fields) {
        return request(stream, "GET", path, true, fields);
    }

    public Http2Client request(int stream, String method, String path, boolean last, String... fields) {
        List<String> all = new ArrayList<>(
                List.of(":method", method, ":scheme", "https", ":authority", "localhost", ":path", path));
        all.addAll(List.of(fields));
        return headers(stream, last, all.toArray(String[]::new));
    }

    @Override
    Http2Client self() {
        return this;
    }
}
