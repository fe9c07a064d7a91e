package dev.postern.wire;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Datagrams to a UNIX socket, of which the JDK knows nothing. One thread. */
public final class UnixDatagrams implements AutoCloseable {
    private final Socket socket;
    private final byte[] path;

    private UnixDatagrams(Socket socket, byte[] path) {
        this.socket = socket;
        this.path = path;
    }

    /** @throws IOException where this machine has none of them, or there is no descriptor left */
    public static UnixDatagrams to(String path) throws IOException {
        if (!Epoll.isAvailable()) {
            throw new IOException("UNIX datagrams are not available on this machine");
        }
        try {
            return new UnixDatagrams(Socket.newSocketDomainDgram(), path.getBytes(StandardCharsets.UTF_8));
        } catch (io.netty.channel.ChannelException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Blocks for a moment where whoever reads is slow. */
    public void send(byte[] message) throws IOException {
        ByteBuffer direct =
                ByteBuffer.allocateDirect(message.length).put(message).flip();
        int sent = 0;
        for (int i = 0; i < 100 && sent == 0; i++) {
            sent = socket.sendToDomainSocket(direct, 0, message.length, path);
            if (sent == 0) {
                Thread.onSpinWait();
            }
        }
        if (sent == 0) {
            throw new IOException("whoever reads it is too slow");
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // Of a socket without a connection nothing is left to be done.
        }
    }
}
