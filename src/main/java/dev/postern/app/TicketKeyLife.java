package dev.postern.app;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Gives the listeners new keys for session tickets twice a day, whichever process has made those before. Any thread. */
final class TicketKeyLife {
    private static final Duration LIFE = Duration.ofHours(12);

    private final WebListeners web;
    private final TcpServices tcp;
    // Of the newest. Replaced by one thread; read by any.
    private volatile long madeNanos;

    /** @param age of those that the listeners begin with */
    TicketKeyLife(WebListeners web, TcpServices tcp, Duration age, ScheduledExecutorService background) {
        this.web = web;
        this.tcp = tcp;
        long old = Math.min(age.toSeconds(), LIFE.toSeconds());
        this.madeNanos = System.nanoTime() - TimeUnit.SECONDS.toNanos(old);
        var unused = background.scheduleAtFixedRate(
                this::rotate, LIFE.toSeconds() - old, LIFE.toSeconds(), TimeUnit.SECONDS);
    }

    private void rotate() {
        web.rotateTicketKeys();
        tcp.rotateTicketKeys();
        madeNanos = System.nanoTime();
    }

    Duration age() {
        return Duration.ofNanos(System.nanoTime() - madeNanos);
    }

    /** By listener; secret. */
    Map<String, List<byte[]>> all() {
        Map<String, List<byte[]>> all = new HashMap<>(web.ticketKeys());
        all.putAll(tcp.ticketKeys());
        return all;
    }
}
