package dev.postern.migrate.haproxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.testing.WebSocketEcho;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ServerSocketFactory;

/**
 * A server of a configuration, at its address: over HTTP it says which backend it is of and what it was asked, over TCP it says
 * who it is and repeats what it hears. It can be switched off, and made to fail.
 */
final class Origin implements AutoCloseable {
    /** Requests with this header are remembered; health checks have none. */
    static final String STEP = "X-Step";

    private final String section;
    private final String name;
    private final boolean isHttp;
    private final InetSocketAddress address;
    private final ServerSocketFactory sockets;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private ServerSocket listener;
    /** What is answered in place of 200. */
    volatile int status = 200;

    Origin(String section, String name, boolean isHttp, InetSocketAddress address, ServerSocketFactory sockets) {
        this.section = section;
        this.name = name;
        this.isHttp = isHttp;
        this.address = address;
        this.sockets = sockets;
        this.listener = listen();
    }

    String section() {
        return section;
    }

    String name() {
        return name;
    }

    /** The heads of requests since they were taken the last time. */
    List<String> take() {
        List<String> all = new ArrayList<>(heads);
        heads.clear();
        return all;
    }

    private ServerSocket listen() {
        try {
            ServerSocket socket = sockets.createServerSocket();
            socket.setReuseAddress(true);
            socket.bind(address, 256);
            start(() -> accept(socket));
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "origin");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept(ServerSocket socket) {
        try {
            while (true) {
                Socket connection = socket.accept();
                open.add(connection);
                start(() -> serve(connection));
            }
        } catch (IOException closed) {
            // Switched off.
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            if (isHttp) {
                for (String head = line(in); !head.isEmpty(); head = line(in)) {
                    if (!http(socket, head, in)) {
                        return;
                    }
                }
            } else {
                tcp(socket, in);
            }
        } catch (IOException gone) {
            // So be it.
        } finally {
            open.remove(socket);
        }
    }

    private void tcp(Socket socket, InputStream in) throws IOException {
        for (String heard = line(in); !heard.isEmpty(); heard = line(in)) {
            String said = heard.startsWith("PROXY ") ? "proxied " : "";
            String text = heard.startsWith("PROXY ") ? line(in) : heard;
            socket.getOutputStream()
                    .write((section + " " + name + " at " + socket.getLocalPort() + " heard " + said + text)
                            .getBytes(ISO_8859_1));
        }
        socket.getOutputStream().write("the end\n".getBytes(ISO_8859_1));
    }

    private boolean http(Socket socket, String line, InputStream in) throws IOException {
        StringBuilder head = new StringBuilder(line);
        int length = 0;
        for (String field = line(in); !field.isBlank(); field = line(in)) {
            head.append(field);
            if (field.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length =
                        Integer.parseInt(field.substring(field.indexOf(':') + 1).strip());
            }
        }
        byte[] body = in.readNBytes(length);
        String text = head.toString();
        if (text.toLowerCase(Locale.ROOT).contains("\n" + STEP.toLowerCase(Locale.ROOT) + ":")) {
            heads.add(text);
        }
        if (text.toLowerCase(Locale.ROOT).contains("\nupgrade: websocket")) {
            String key = text.lines()
                    .filter(field -> field.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key:"))
                    .map(field -> field.substring(field.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("");
            socket.getOutputStream()
                    .write(("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                    + "Sec-WebSocket-Accept: " + WebSocketEcho.accept(key) + "\r\n\r\n")
                            .getBytes(ISO_8859_1));
            in.transferTo(socket.getOutputStream());
            return false;
        }
        String[] words = line.strip().split(" ", -1);
        String answer = section + " " + words[0] + " " + words[1] + (body.length == 0 ? "" : " with " + body.length);
        socket.getOutputStream()
                .write(("HTTP/1.1 " + status + " As asked\r\nContent-Type: text/plain\r\nX-Server: " + name
                                + "\r\nContent-Length: " + answer.length() + "\r\n\r\n"
                                + (words[0].equals("HEAD") ? "" : answer))
                        .getBytes(ISO_8859_1));
        return true;
    }

    /** With its end; empty at the end of the stream. */
    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            line.write(octet);
            if (octet == '\n') {
                break;
            }
        }
        return line.toString(ISO_8859_1);
    }

    /** Nobody listens there any more, and all connections are closed. */
    void off() throws IOException {
        listener.close();
        for (Socket socket : open) {
            socket.close();
        }
    }

    void on() {
        if (listener.isClosed()) {
            listener = listen();
        }
        status = 200;
    }

    @Override
    public void close() throws IOException {
        off();
    }
}
