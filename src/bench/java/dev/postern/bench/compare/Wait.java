package dev.postern.bench.compare;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.function.BooleanSupplier;

/** For what others do; nobody waits for ever. */
final class Wait {
    private static final long PATIENCE_NANOS = 120_000_000_000L;

    private Wait() {}

    static void forPort(int port, Process process) {
        until("port " + port + " of " + process.info().command().orElse("?"), 5, () -> {
            if (!process.isAlive()) {
                throw new Failed("a server has ended, of the port " + port + ": its folder has output.log");
            }
            try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
                return socket.isConnected();
            } catch (IOException notYet) {
                return false;
            }
        });
    }

    static void until(String what, long pauseMillis, BooleanSupplier happened) {
        long start = System.nanoTime();
        while (!happened.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new Failed("waited in vain for " + what);
            }
            sleep(pauseMillis);
        }
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
