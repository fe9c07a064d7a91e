package dev.postern.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLContext;

/**
 * A plaintext server that does what a test tells it, down to the byte: answers, stalls, resets, half-closes. Blocking, a
 * thread per connection. Remembers every request head and body it was sent, and every connection.
 */
public final class TestServer implements AutoCloseable {
    /** What to do with each request; the connection goes on to the next one when this returns. */
    @FunctionalInterface
    public interface Script {
        void answer(Request request, Connection connection) throws IOException;
    }

    /** What to do with each connection, from its first moment on; it is closed when this returns. */
    @FunctionalInterface
    public interface Conversation {
        void with(Connection connection) throws IOException;
    }

    /** A request as it came: {@code head} with its final empty line, {@code body} as sent, chunk framing and all. */
    public record Request(String head, String body) {
        public String line() {
            return head.lines().findFirst().orElse("");
        }

        /** The target as it came. */
        public String path() {
            return line().split(" ", -1)[1];
        }

        /** The values of all fields with this name, in order. */
        public List<String> header(String name) {
            String prefix = name.toLowerCase(Locale.ROOT) + ":";
            return head.lines()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
                    .map(line -> line.substring(prefix.length()).strip())
                    .toList();
        }
    }

    private final ServerSocket listener;
    private final Thread acceptor;
    private final Conversation conversation;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();

    @SuppressWarnings("JdkObsolete") // Written by many threads, read by the test.
    private final StringBuffer received = new StringBuffer();

    private TestServer(int port, Conversation conversation) {
        this(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), conversation);
    }

    private TestServer(InetSocketAddress bind, Conversation conversation) {
        this(ServerSocketFactory.getDefault(), bind, conversation);
    }

    private TestServer(ServerSocketFactory sockets, InetSocketAddress bind, Conversation conversation) {
        this.conversation = conversation;
        try {
            this.listener = sockets.createServerSocket();
            listener.setReuseAddress(true);
            listener.bind(bind, 1024);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        this.acceptor = start(this::acceptAll, "test-server");
    }

    public static TestServer start(Script script) {
        return start(0, script);
    }

    /** The script gets every request as soon as its head is there, and has to read what follows itself. */
    public static TestServer startAtHead(Script script) {
        return conversing(connection -> {
            for (Request request = connection.readHead(); request != null; request = connection.readHead()) {
                script.answer(request, connection);
            }
        });
    }

    /** On the port another one had, as after a restart. */
    public static TestServer start(int port, Script script) {
        return new TestServer(port, following(script));
    }

    /** At this one of the host's loopback addresses, such as {@code 127.0.0.2} or {@code ::1}. */
    public static TestServer at(String address, int port, Script script) {
        return new TestServer(new InetSocketAddress(address, port), following(script));
    }

    private static Conversation following(Script script) {
        return connection -> {
            for (Request request = connection.read(); request != null; request = connection.read()) {
                script.answer(request, connection);
            }
        };
    }

    /** For what no server that waits for requests would do. */
    public static TestServer conversing(Conversation conversation) {
        return conversing(0, conversation);
    }

    /** @param port 0 for any that is free */
    public static TestServer conversing(int port, Conversation conversation) {
        return new TestServer(port, conversation);
    }

    /** Over TLS. */
    public static TestServer secured(ServerSocketFactory sockets, Conversation conversation) {
        return new TestServer(sockets, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), conversation);
    }

    /** Over TLS. */
    public static TestServer secured(SSLContext context, Script script) {
        return secured(context.getServerSocketFactory(), following(script));
    }

    /** Answers everything with 200 and this body. */
    public static TestServer saying(String body) {
        return start((request, connection) -> connection.send(ok(body)));
    }

    public static String ok(String body) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body;
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** {@code 127.0.0.1:port}, as the configuration takes it. */
    public String address() {
        return "127.0.0.1:" + port();
    }

    /** Every complete request so far. */
    public List<Request> requests() {
        return requests;
    }

    /** Every byte so far, of all connections. */
    public String received() {
        return received.toString();
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
                start(() -> serve(socket), "test-server-connection");
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            conversation.with(new Connection(socket));
        } catch (IOException gone) {
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

    /** Closes every connection and goes on listening. */
    public void closeConnections() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    /** Stops listening and resets every connection, as a killed process would. */
    @Override
    public void close() {
        try {
            listener.close();
            // The kernel goes on listening for as long as a thread is inside accept.
            acceptor.join();
            for (Socket socket : sockets) {
                reset(socket);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void reset(Socket socket) throws IOException {
        try {
            socket.setSoLinger(true, 0);
        } catch (SocketException closed) {
            // Its own thread, or the script, has been quicker.
        }
        socket.close();
    }

    /** One accepted connection. */
    public final class Connection {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            socket.setTcpNoDelay(true);
            this.in = new BufferedInputStream(socket.getInputStream());
            this.out = socket.getOutputStream();
        }

        public void send(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
        }

        public void send(byte[] bytes) throws IOException {
            out.write(bytes);
            out.flush();
        }

        /** For scripts that take the body, or what follows an upgrade, into their own hands. */
        public InputStream in() {
            return in;
        }

        public Socket socket() {
            return socket;
        }

        public void close() throws IOException {
            socket.close();
        }

        public void reset() throws IOException {
            TestServer.reset(socket);
        }

        /** The next complete request, which is remembered; null where the other side has closed. */
        public Request read() throws IOException {
            return remembered(parse());
        }

        /** The next request head, which is remembered, and nothing that follows it; null where there is none. */
        public Request readHead() throws IOException {
            String head = until("\r\n\r\n");
            return head == null ? null : remembered(new Request(head, ""));
        }

        private Request remembered(Request request) {
            if (request != null) {
                requests.add(request);
            }
            return request;
        }

        private Request parse() throws IOException {
            String head = until("\r\n\r\n");
            if (head == null) {
                return null;
            }
            Request bare = new Request(head, "");
            if (bare.header("Expect").contains("100-continue")) {
                send("HTTP/1.1 100 Continue\r\n\r\n");
            }
            if (!bare.header("Transfer-Encoding").isEmpty()) {
                String body = chunked();
                return body == null ? null : new Request(head, body);
            }
            List<String> length = bare.header("Content-Length");
            if (length.isEmpty() || Long.parseLong(length.get(0)) > 1024 * 1024) {
                // Large bodies are for the script to read.
                return bare;
            }
            byte[] body = in.readNBytes(Integer.parseInt(length.get(0)));
            String text = new String(body, StandardCharsets.ISO_8859_1);
            received.append(text);
            return body.length < Integer.parseInt(length.get(0)) ? null : new Request(head, text);
        }

        private String chunked() throws IOException {
            StringBuilder body = new StringBuilder();
            while (true) {
                String size = until("\r\n");
                if (size == null) {
                    return null;
                }
                body.append(size);
                int bytes = Integer.parseInt(size.strip().split(";", -1)[0], 16);
                if (bytes == 0) {
                    for (String line = until("\r\n"); line != null; line = until("\r\n")) {
                        body.append(line);
                        if (line.equals("\r\n")) {
                            return body.toString();
                        }
                    }
                    return null;
                }
                String data = new String(in.readNBytes(bytes + 2), StandardCharsets.ISO_8859_1);
                received.append(data);
                body.append(data);
            }
        }

        private String until(String end) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                bytes.write(octet);
                received.append((char) octet);
                if (octet == '\n' && bytes.toString(StandardCharsets.ISO_8859_1).endsWith(end)) {
                    return bytes.toString(StandardCharsets.ISO_8859_1);
                }
            }
            return null;
        }
    }
}
