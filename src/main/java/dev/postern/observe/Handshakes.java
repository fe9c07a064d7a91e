package dev.postern.observe;

import dev.postern.tls.HandshakeObserver;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts handshakes: each costs a thousand times what counting it does. Any thread. */
public final class Handshakes implements HandshakeObserver {
    private final Map<String, LongAdder> completed = new ConcurrentHashMap<>();
    private final Map<Failure, LongAdder> failed = new ConcurrentHashMap<>();

    @Override
    public void completed(String version) {
        completed.computeIfAbsent(version, v -> new LongAdder()).increment();
    }

    @Override
    public void failed(Failure why) {
        failed.computeIfAbsent(why, w -> new LongAdder()).increment();
    }

    Map<String, LongAdder> completed() {
        return completed;
    }

    Map<Failure, LongAdder> failed() {
        return failed;
    }
}
