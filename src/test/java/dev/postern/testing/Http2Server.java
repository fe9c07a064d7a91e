package dev.postern.testing;

import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;

/**
 * A plaintext HTTP/2 server that does what a test tells it, down to the frame. Blocking, a thread per connection and
 * one per request. Remembers every request, every reset and every connection.
 */
public final class Http2Server implements AutoCloseable {
    private static final int LARGE = 1 << 30;

    /** What to do with each request. */
    @FunctionalInterface
    public interface Script {
        void answer(Request request, Connection connection) throws IOException;
    }

    /** What to do with each connection once its preface has come and SETTINGS were sent. */
    @FunctionalInterface
    public interface Conversation {
        void with(Connection connection) throws IOException;
    }

    /** A complete request; {@code trailers} is null where there were none. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    public record Request(int stream, Http2Headers headers, byte[] bytes, Http2Headers trailers) {
        public String path() {
            return headers.path().toString();
        }

        public String body() {
            return new String(bytes, StandardCharsets.UTF_8);
        }

        public List<String> header(String name) {
            return headers.getAll(name).stream().map(CharSequence::toString).toList();
        }
    }

    private final ServerSocket listener;
    private final Thread acceptor;
    private final Conversation conversation;
    private final int[] settings;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Http2Wire.Frame> resets = new CopyOnWriteArrayList<>();
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();

    private Http2Server(Conversation conversation, int... settings) {
        this(ServerSocketFactory.getDefault(), conversation, settings);
    }

    private Http2Server(ServerSocketFactory sockets, Conversation conversation, int... settings) {
        this.conversation = conversation;
        this.settings = settings;
        try {
            this.listener = sockets.createServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.acceptor = start(this::acceptAll, "h2-server");
    }

    /** As {@link #start}, over the sockets that these are: TLS. */
    public static Http2Server secured(ServerSocketFactory sockets, Script script) {
        return new Http2Server(sockets, connection -> connection.serve(script));
    }

    /** Answers PING and SETTINGS, opens windows, and has the script answer each complete request. */
    public static Http2Server start(Script script, int... settings) {
        return new Http2Server(connection -> connection.serve(script), settings);
    }

    /** For what no decent server would do. */
    public static Http2Server conversing(Conversation conversation, int... settings) {
        return new Http2Server(conversation, settings);
    }

    /** Answers everything with 200 and this body. */
    public static Http2Server saying(String body) {
        return start((request, connection) -> connection.answer(request.stream(), body));
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** {@code 127.0.0.1:port}, as the configuration takes it. */
    public String address() {
        return "127.0.0.1:" + port();
    }

    public List<Request> requests() {
        return requests;
    }

    /** The RST_STREAM frames that came. */
    public List<Http2Wire.Frame> resets() {
        return resets;
    }

    public List<Connection> connections() {
        return connections;
    }

    public int connectionsAccepted() {
        return accepted.get();
    }

    public int connectionsOpen() {
        return sockets.size();
    }

    private void acceptAll() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                accepted.incrementAndGet();
                sockets.add(socket);
                start(() -> serve(socket), "h2-server-connection");
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            Connection connection = new Connection(socket);
            connections.add(connection);
            byte[] preface = connection.in().readNBytes(Http2Wire.PREFACE.length());
            if (new String(preface, StandardCharsets.US_ASCII).equals(Http2Wire.PREFACE)) {
                connection.settings(settings);
                conversation.with(connection);
            }
        } catch (IOException | UncheckedIOException gone) {
            // The other side ended it, or the test did.
        } finally {
            sockets.remove(socket);
        }
    }

    private static Thread start(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Stops listening and closes every connection. */
    @Override
    public void close() {
        try {
            listener.close();
            acceptor.join();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One accepted connection. */
    public final class Connection extends Http2Wire<Connection> {
        private final Map<Integer, Http2Headers> heads = new HashMap<>();
        private final Map<Integer, ByteArrayOutputStream> bodies = new HashMap<>();

        Connection(Socket socket) throws IOException {
            super(socket);
        }

        @Override
        Connection self() {
            return this;
        }

        public Connection answer(int stream, String body) {
            headers(stream, false, ":status", "200", "content-type", "text/plain");
            return data(stream, true, body.getBytes(StandardCharsets.UTF_8));
        }

        public Connection reset(int stream, int error) {
            return send(RST_STREAM, 0, stream, bytes(error));
        }

        public Connection goAway(int lastStream, int error) {
            byte[] payload = new byte[8];
            System.arraycopy(bytes(lastStream), 0, payload, 0, 4);
            System.arraycopy(bytes(error), 0, payload, 4, 4);
            return send(GOAWAY, 0, 0, payload);
        }

        private static byte[] bytes(int value) {
            return new byte[] {(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value};
        }

        void serve(Script script) {
            window(0, LARGE);
            for (Frame frame = read(); frame != null; frame = read()) {
                handle(frame, script);
            }
        }

        private void handle(Frame frame, Script script) {
            int stream = frame.stream();
            switch (frame.type()) {
                case SETTINGS -> acknowledge(frame);
                case PING -> acknowledge(frame);
                case HEADERS -> {
                    if (frame.isLast() || !heads.containsKey(stream)) {
                        heads.putIfAbsent(stream, frame.headers());
                    }
                    bodies.computeIfAbsent(stream, id -> new ByteArrayOutputStream());
                }
                case DATA -> {
                    bodies.get(stream).writeBytes(frame.payload());
                    if (frame.payload().length > 0 && !frame.isLast()) {
                        window(stream, frame.payload().length);
                    }
                }
                case RST_STREAM -> resets.add(frame);
                default -> {}
            }
            if (frame.isLast()) {
                Http2Headers head = heads.remove(stream);
                Http2Headers trailers =
                        frame.type() == HEADERS && !head.equals(frame.headers()) ? frame.headers() : null;
                Request request =
                        new Request(stream, head, bodies.remove(stream).toByteArray(), trailers);
                requests.add(request);
                start(() -> answer(request, script), "h2-server-request");
            }
        }

        private void acknowledge(Frame frame) {
            if ((frame.flags() & ACK) == 0) {
                send(frame.type(), ACK, 0, frame.type() == PING ? frame.payload() : new byte[0]);
            }
        }

        private void answer(Request request, Script script) {
            try {
                script.answer(request, this);
            } catch (IOException | UncheckedIOException gone) {
                // As in serve.
            }
        }
    }
}
