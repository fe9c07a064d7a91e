package dev.postern.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Datagrams to a UNIX socket, of which the JDK knows nothing. One thread, which may wait: no event loop. */
public final class UnixDatagrams implements AutoCloseable {
    /** By default the queue of a receiver takes ten: it has to run now and then. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** About a second. */
    private static final int PAUSES = 1000;

    private final Socket socket;
    private final byte[] path;
    /** Ours; used again for each message, and as large as the largest. */
    private final ByteBuf buffer = Unpooled.directBuffer();

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

    /**
     * Waits where whoever reads is slow.
     *
     * @return false where it had no room for about a second, or this thread was interrupted
     * @throws IOException where nobody is there
     */
    public boolean send(byte[] message) throws IOException {
        buffer.clear().writeBytes(message);
        for (int i = 0; i < PAUSES; i++) {
            if (socket.sendToDomainSocket(buffer.internalNioBuffer(0, message.length), 0, message.length, path) > 0) {
                return true;
            }
            if (Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return false;
    }

    @Override
    public void close() {
        buffer.release();
        try {
            socket.close();
        } catch (IOException e) {
            // Of a socket without a connection nothing is left to be done.
        }
    }
}
