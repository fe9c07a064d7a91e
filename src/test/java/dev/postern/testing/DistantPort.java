package dev.postern.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A port of this machine as from far away: every byte takes a while to it and back, however many are under way. How many one
 * side dares to send that the other has not heard of does not depend on how fast the machine is: they are kept, and counted.
 */
public final class DistantPort implements AutoCloseable {
    private static final int PIECE = 64 * 1024;

    private final ServerSocket listener;
    private final int target;
    private final long delayNanos;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Way there = new Way();
    private final Way back = new Way();

    /** What arrives at its time; nothing stands for the end. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Piece(byte[] bytes, long dueNanos) implements Delayed {
        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(dueNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.signum(dueNanos - ((Piece) other).dueNanos);
        }
    }

    /** @param delay each way */
    public DistantPort(int target, Duration delay) throws IOException {
        this.target = target;
        this.delayNanos = delay.toNanos();
        this.listener = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    public int port() {
        return listener.getLocalPort();
    }

    private void accept() throws IOException {
        while (true) {
            Socket near = listener.accept();
            Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
            for (Socket socket : new Socket[] {near, far}) {
                socket.setTcpNoDelay(true);
                sockets.add(socket);
            }
            relay(near, far, there);
            relay(far, near, back);
        }
    }

    /** What is on its way to one side, and may be kept from it. */
    public static final class Way {
        private final AtomicLong sent = new AtomicLong();
        private final AtomicLong passed = new AtomicLong();
        private boolean closed;

        private Way() {}

        /** Bytes, from the beginning on. */
        public long sent() {
            return sent.get();
        }

        /** Bytes that were sent, and have not come yet. */
        public long under() {
            return sent.get() - passed.get();
        }

        /** From now on nothing comes. */
        public synchronized void close() {
            closed = true;
        }

        public synchronized void open() {
            closed = false;
            notifyAll();
        }

        private void send(OutputStream out, byte[] bytes) throws IOException, InterruptedException {
            synchronized (this) {
                while (closed) {
                    wait();
                }
            }
            passed.addAndGet(bytes.length);
            out.write(bytes);
        }
    }

    /** To who is behind this port. */
    public Way there() {
        return there;
    }

    /** From who is behind this port. */
    public Way back() {
        return back;
    }

    private void relay(Socket from, Socket to, Way way) {
        DelayQueue<Piece> under = new DelayQueue<>();
        start(() -> {
            InputStream in = from.getInputStream();
            byte[] bytes = new byte[PIECE];
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                way.sent.addAndGet(read);
                under.add(new Piece(java.util.Arrays.copyOf(bytes, read), System.nanoTime() + delayNanos));
            }
            under.add(new Piece(new byte[0], System.nanoTime() + delayNanos));
        });
        start(() -> {
            OutputStream out = to.getOutputStream();
            for (Piece piece = under.take(); piece.bytes.length > 0; piece = under.take()) {
                way.send(out, piece.bytes);
            }
            to.shutdownOutput();
        });
    }

    @FunctionalInterface
    private interface Task {
        void run() throws IOException, InterruptedException;
    }

    private static void start(Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (IOException | InterruptedException closed) {
                        // One end is gone, or the test is over.
                    }
                },
                "distant-port");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
