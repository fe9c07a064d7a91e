package dev.postern.http.h2;

import dev.postern.http.exchange.ResponseReceiver;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What has been read in one go from a server, as far as something is to be done once all of it has been passed on. Event loop only. */
final class OneReading {
    private final Set<ResponseReceiver> fed = new LinkedHashSet<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private boolean underWay;

    void begins() {
        underWay = true;
    }

    /** To be flushed. */
    void feeds(ResponseReceiver receiver) {
        fed.add(receiver);
    }

    /** To be done where what is still to be passed on does not make it needless. */
    void then(Runnable task) {
        waiting.add(task);
    }

    void isOver() {
        underWay = false;
        waiting.forEach(Runnable::run);
        waiting.clear();
        flush();
    }

    /** Unless that is done when it is over. */
    void flushSoon() {
        if (!underWay) {
            flush();
        }
    }

    void flush() {
        fed.forEach(ResponseReceiver::flushResponse);
        fed.clear();
    }
}
