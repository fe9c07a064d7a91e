package dev.postern.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** The server behind a proxy: reads what it is sent as well as it can, remembers it, and answers what the case says. */
final class Recorder implements AutoCloseable {
    /** What the client asks for when all is over, to see whether the connection is still in step. */
    static final String AFTER = "/after";

    /** What is asked for on other connections, to see that the proxy is alive. */
    static final String CONTROL = "/control";

    /** A whole request; {@code framing} is how its end was told. */
    record Seen(String line, List<String> fields, String framing, String body, List<String> trailers) {}

    private record Running(PeerCase now, Pieces pieces, List<Seen> seen) {}

    private final TestServer server = TestServer.conversing(this::serve);
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger sending = new AtomicInteger();
    private volatile Running running;

    int port() {
        return server.port();
    }

    void begin(PeerCase now, Pieces pieces) {
        running = new Running(now, pieces, new CopyOnWriteArrayList<>());
    }

    /** Returns when no answer is on its way, piece by piece. */
    void awaitSent() {
        Awaitility.await().until(() -> sending.get() == 0);
    }

    /** All that arrived, when every connection is closed on both sides: none of them is used for the next case. */
    List<Seen> end() throws IOException {
        awaitAccepted();
        for (Socket socket : open) {
            try {
                socket.shutdownOutput();
            } catch (IOException closed) {
                // As it shall be.
            }
        }
        try {
            synchronized (open) {
                long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
                while (!open.isEmpty() && System.nanoTime() < patience) {
                    open.wait(100);
                }
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        for (Socket socket : open) {
            socket.close();
        }
        return running.seen();
    }

    /** Connections wait in a line to be accepted: when ours is among those that are served, all before it are. */
    private void awaitAccepted() throws IOException {
        try (Socket last = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            synchronized (open) {
                while (begun.get() != server.connectionsAccepted()
                        || open.stream().noneMatch(socket -> socket.getPort() == last.getLocalPort())) {
                    if (System.nanoTime() > patience) {
                        throw new IOException("connections wait to be accepted");
                    }
                    open.wait(100);
                }
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private void serve(TestServer.Connection connection) throws IOException {
        Socket socket = connection.socket();
        synchronized (open) {
            open.add(socket);
            begun.incrementAndGet();
            open.notifyAll();
        }
        try {
            socket.setSoTimeout(10_000);
            while (request(connection)) {
                // And the next one.
            }
        } catch (SocketTimeoutException idle) {
            // Nobody needs it any longer.
        } finally {
            synchronized (open) {
                open.remove(socket);
                open.notifyAll();
            }
        }
    }

    private boolean request(TestServer.Connection connection) throws IOException {
        InputStream in = connection.in();
        String head = until(in, "\r\n\r\n");
        Running now = running;
        if (head.isEmpty() || now == null) {
            return false;
        }
        if (!head.endsWith("\r\n\r\n")) {
            return false;
        }
        List<String> lines = Arrays.stream(head.split("\r\n", -1))
                .filter(line -> !line.isEmpty())
                .toList();
        List<String> fields = lines.subList(1, lines.size());
        String target = lines.get(0).contains(" ") ? lines.get(0).split(" ", -1)[1] : "";
        if (value(fields, "expect").equalsIgnoreCase("100-continue")) {
            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
        }
        List<String> trailers = new ArrayList<>();
        String framing = "none";
        String body = "";
        if (!value(fields, "transfer-encoding").isEmpty()) {
            framing = "chunked";
            body = chunked(in, trailers);
        } else if (!value(fields, "content-length").isEmpty()) {
            framing = "length";
            int length;
            try {
                length = Integer.parseInt(value(fields, "content-length"));
            } catch (NumberFormatException e) {
                return false;
            }
            byte[] bytes = in.readNBytes(length);
            body = bytes.length < length ? null : new String(bytes, ISO_8859_1);
        }
        if (body == null) {
            return false;
        }
        if (target.equals(CONTROL) || target.equals(AFTER)) {
            connection.send(ok(target));
            return true;
        }
        now.seen().add(new Seen(lines.get(0), fields, framing, body, trailers));
        answer(connection, now, target);
        return now.now().then() == PeerCase.Then.STAYS;
    }

    private void answer(TestServer.Connection connection, Running now, String target) throws IOException {
        byte[] answer = now.now().answer();
        if (answer.length == 0 && now.now().then() == PeerCase.Then.STAYS) {
            connection.send(ok(target));
            return;
        }
        sending.incrementAndGet();
        try {
            now.pieces().send(out(connection), answer);
        } finally {
            sending.decrementAndGet();
        }
        if (now.now().then() == PeerCase.Then.RESETS) {
            connection.reset();
        }
    }

    private static OutputStream out(TestServer.Connection connection) throws IOException {
        return connection.socket().getOutputStream();
    }

    private static String ok(String target) {
        String body = "GOT " + target;
        return "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body;
    }

    /** The value of the first field of that name, empty where there is none. */
    private static String value(List<String> fields, String name) {
        return fields.stream()
                .filter(field -> field.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .map(field -> field.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("");
    }

    /** Null where it ends before its end. */
    private static String chunked(InputStream in, List<String> trailers) throws IOException {
        StringBuilder body = new StringBuilder();
        while (true) {
            String size = until(in, "\r\n");
            if (!size.endsWith("\r\n")) {
                return null;
            }
            int bytes;
            try {
                bytes = Integer.parseInt(size.strip().split(";", -1)[0].strip(), 16);
            } catch (NumberFormatException e) {
                return null;
            }
            if (bytes == 0) {
                for (String line = until(in, "\r\n"); line.endsWith("\r\n"); line = until(in, "\r\n")) {
                    if (line.length() == 2) {
                        return body.toString();
                    }
                    trailers.add(line.strip());
                }
                return null;
            }
            byte[] data = in.readNBytes(bytes);
            String end = until(in, "\r\n");
            if (!end.equals("\r\n")) {
                return null;
            }
            body.append(new String(data, ISO_8859_1));
        }
    }

    private static String until(InputStream in, String end) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            bytes.write(octet);
            if (octet == '\n' && bytes.toString(ISO_8859_1).endsWith(end)) {
                break;
            }
        }
        return bytes.toString(ISO_8859_1);
    }

    @Override
    public void close() {
        server.close();
    }
}
