package dev.postern.observe;

import dev.postern.http.exchange.ExchangeRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The last exchanges of one event loop, for whoever asks why one of them ended as it did. Event loop only. */
final class RecentExchanges {
    /** Each keeps its head, a kilobyte mostly. */
    static final int KEPT = 256;

    private final @Nullable ExchangeRecord[] kept;
    private final long[] endedMillis;
    private int next;

    /** @param places how many are kept */
    RecentExchanges(int places) {
        kept = new ExchangeRecord[places];
        endedMillis = new long[places];
    }

    void add(ExchangeRecord exchange, long nowMillis) {
        kept[next] = exchange;
        endedMillis[next] = nowMillis;
        next = (next + 1) % kept.length;
    }

    /** The oldest first. */
    List<EndedExchange> all() {
        List<EndedExchange> all = new ArrayList<>();
        for (int i = 0; i < kept.length; i++) {
            int place = (next + i) % kept.length;
            ExchangeRecord exchange = kept[place];
            if (exchange != null) {
                all.add(new EndedExchange(exchange, endedMillis[place]));
            }
        }
        return all;
    }
}
