package dev.postern.bench.compare;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/**
 * One connection over HTTP/1.1 or HTTP/2, for what the load generators cannot do: to count, to resume, to hold still. Blocks,
 * and believes every certificate.
 */
final class Client implements AutoCloseable {
    private static final SSLContext ANYBODY = trusting(() -> {});

    private final Socket socket;
    private final String host;
    private final boolean isH2;
    private final DataInputStream in;
    private int nextStream = 1;

    private Client(Socket socket, String host, boolean isH2) throws IOException {
        this.socket = socket;
        this.host = host;
        this.isH2 = isH2;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 2048));
        if (isH2) {
            // Preface, and SETTINGS without a word.
            send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            send(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
        }
    }

    static Client plain(int port, String host) throws IOException {
        return new Client(connect(port), host, false);
    }

    static Client tls(SSLContext context, int port, String host, boolean isH2) throws IOException {
        Socket plain = connect(port);
        try {
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(host)));
            parameters.setApplicationProtocols(new String[] {isH2 ? "h2" : "http/1.1"});
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return new Client(socket, host, isH2);
        } catch (IOException e) {
            plain.close();
            throw e;
        }
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new FlightSocket();
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(20_000);
        // Thousands of connections leave no ports behind that wait.
        socket.setSoLinger(true, 0);
        socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 20_000);
        return socket;
    }

    static Client open(SSLContext context, int port, Door door) throws IOException {
        return door.isTls() ? tls(context, port, door.host(), false) : plain(port, door.host());
    }

    /** Whether what is asked for comes, and comes whole. */
    static boolean isAnswering(int port, String host, boolean isTls) {
        try (Client client = isTls ? tls(ANYBODY, port, host, false) : plain(port, host)) {
            return client.get("/small") == Origin.SMALL;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** @throws Failed where it is not what is there */
    void getSmall(Peer peer) throws IOException {
        int length = get("/small");
        if (length != Origin.SMALL) {
            throw new Failed(peer.name() + ": answered with " + length + " bytes");
        }
    }

    /**
     * Asks, and reads the answer.
     *
     * @return the length of the body
     * @throws IOException also where the status is not 200
     */
    int get(String path) throws IOException {
        return isH2 ? getOverH2(path) : getOverH1(path);
    }

    private int getOverH1(String path) throws IOException {
        send(("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        String status = line();
        if (!status.startsWith("HTTP/1.1 200")) {
            throw new IOException("answered " + status);
        }
        int length = -1;
        boolean isChunked = false;
        for (String field = line(); !field.isEmpty(); field = line()) {
            String lower = field.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(lower.substring(15).strip());
            }
            isChunked |= lower.equals("transfer-encoding: chunked");
        }
        if (!isChunked) {
            in.skipNBytes(length);
            return length;
        }
        int all = 0;
        for (int chunk = -1; chunk != 0; ) {
            chunk = Integer.parseInt(line(), 16);
            in.skipNBytes(chunk);
            line();
            all += chunk;
        }
        return all;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("closed");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    private int getOverH2(String path) throws IOException {
        int stream = nextStream;
        nextStream += 2;
        // RFC 7541: GET and https of the static table; path and authority as literals that nobody remembers.
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        block.write(0x82);
        block.write(0x87);
        literal(block, 4, path);
        literal(block, 1, host);
        // END_STREAM and END_HEADERS.
        frame(1, 5, stream, block.toByteArray());
        int length = 0;
        while (true) {
            int size = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            int of = in.readInt();
            byte[] payload = in.readNBytes(size);
            if (type == 4 && (flags & 1) == 0) {
                frame(4, 1, 0, new byte[0]);
            } else if (type == 7 || type == 3) {
                throw new IOException("answered with GOAWAY or RST_STREAM");
            } else if (type == 1 && of == stream && !isStatus200(payload)) {
                throw new IOException("answered another status than 200");
            } else if (type == 0 && of == stream) {
                length += size;
            }
            if (of == stream && type <= 1 && (flags & 1) != 0) {
                return length;
            }
        }
    }

    /** {@code :status 200} is in the static table, and comes first; the size of the dynamic one may be said before it. */
    private static boolean isStatus200(byte[] block) {
        int i = 0;
        while ((block[i] & 0xe0) == 0x20) {
            i += (block[i] & 0x1f) == 0x1f ? 4 : 1;
        }
        return (block[i] & 0xff) == 0x88;
    }

    private static void literal(ByteArrayOutputStream block, int name, String value) {
        block.write(name);
        block.write(value.length());
        block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
    }

    private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
        frame.put((byte) (payload.length >> 16)).putShort((short) payload.length);
        frame.put((byte) type).put((byte) flags).putInt(stream).put(payload);
        send(frame.array());
    }

    private void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** @param fullHandshakes is run with each handshake that resumes nothing: only then somebody shows a certificate */
    static SSLContext trusting(Runnable fullHandshakes) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Trusting(fullHandshakes)}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
