package dev.postern.ca.acme;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP/1.1 on a port, one thread of the executor for each connection and one for the port: enough for a CA with a few
 * clients, and, unlike the JDK's server, able to answer wrongly where it is told to ({@link Delivery}).
 */
final class HttpPort implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpPort.class);

    private final CountDownLatch ended = new CountDownLatch(1);
    private final ServerSocket server;
    private final @Nullable SSLContext tls;
    private final Executor executor;
    private final Limits limits;
    private final Answers answers;
    private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();

    private HttpPort(ServerSocket server, @Nullable SSLContext tls, Executor executor, Limits limits, Answers answers) {
        this.server = server;
        this.tls = tls;
        this.executor = executor;
        this.limits = limits;
        this.answers = answers;
    }

    /** What answers, on the thread of the connection. */
    interface Answers {
        /** @param headers names as they came; of several with one name the last */
        AcmeReply answer(String method, String target, Map<String, String> headers, byte[] body);
    }

    /**
     * What a client may take.
     *
     * @param body bytes; a longer body is handed over cut off after one byte more, for the answer to say so
     * @param idle between two requests of a connection
     * @param request for all of a request, from its first byte, and for the handshake
     * @param drip the pause before each byte of {@link Delivery#DRIPPING}
     */
    record Limits(int head, int body, Duration idle, Duration request, Duration drip) {
        /** As nginx's idle time and a body that takes a slow client a second; a drip that outlasts any deadline. */
        static final Limits DEFAULT = new Limits(
                16 * 1024,
                AcmeService.BODY_LIMIT,
                Duration.ofSeconds(75),
                Duration.ofSeconds(30),
                Duration.ofMillis(250));
    }

    static ServerSocket bind(InetSocketAddress address) throws IOException {
        ServerSocket server = new ServerSocket();
        try {
            server.setReuseAddress(true);
            server.bind(address);
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** @param tls null for plain HTTP */
    static HttpPort start(
            ServerSocket server, @Nullable SSLContext tls, Executor executor, Limits limits, Answers answers) {
        HttpPort port = new HttpPort(server, tls, executor, limits, answers);
        executor.execute(port::accept);
        return port;
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /** The port and all connections, at once. */
    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            LOG.debug("internal ca: closing its port", e);
        }
        connections.forEach(HttpConnection::abort);
        try {
            // The kernel goes on listening for as long as a thread is inside accept.
            if (!ended.await(1, TimeUnit.SECONDS)) {
                LOG.debug("internal ca: its port is still being closed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void accept() {
        try {
            while (!server.isClosed()) {
                try {
                    // Closed by the connection itself, on its own thread.
                    serve(server.accept());
                } catch (IOException e) {
                    if (!server.isClosed()) {
                        LOG.warn("internal ca: a connection was not accepted: {}", e.toString());
                    }
                }
            }
        } finally {
            ended.countDown();
        }
    }

    private void serve(Socket socket) {
        HttpConnection connection = new HttpConnection(socket, tls, limits, answers);
        connections.add(connection);
        try {
            executor.execute(() -> {
                try {
                    connection.run();
                } finally {
                    connections.remove(connection);
                }
            });
        } catch (RejectedExecutionException e) {
            connections.remove(connection);
            connection.abort();
        }
        if (server.isClosed()) {
            connection.abort(); // accepted while we were closed
        }
    }
}
