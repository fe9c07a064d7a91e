package dev.postern.demo;

import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import java.io.IOException;
import java.util.concurrent.ThreadFactory;

/**
 * One of the two servers that stand in for each other: says which one it is and what it was asked, and counts the seconds on a WebSocket. Stopped,
 * it is to everybody as one whose process has died. Any thread but its own; methods wait until it is done.
 */
public final class ColouredServer implements AutoCloseable {
    /** Where its WebSocket is. */
    public static final String SOCKET = "/socket";

    private final String colour;
    private final LoopbackServer server;

    private ColouredServer(String colour, ThreadFactory threads) {
        this.colour = colour;
        this.server =
                new LoopbackServer("demo server " + colour, threads, () -> new ChannelHandler[] {
                    new WebSocketServerProtocolHandler(SOCKET), new Ticking(colour), new Echo(colour)
                });
    }

    /** @throws IOException where there is no port for it */
    public static ColouredServer start(String colour, ThreadFactory threads) throws IOException {
        ColouredServer started = new ColouredServer(colour, threads);
        try {
            started.start();
            return started;
        } catch (IOException e) {
            started.close();
            throw e;
        }
    }

    /** At the port that it had before; nothing where it runs. */
    void start() throws IOException {
        server.open();
    }

    void stop() {
        server.shut();
    }

    boolean isRunning() {
        return server.isOpen();
    }

    /** Also what the edge calls it. */
    public String colour() {
        return colour;
    }

    public String address() {
        return "127.0.0.1:" + server.port();
    }

    @Override
    public void close() {
        server.close();
    }
}
