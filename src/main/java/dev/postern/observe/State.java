package dev.postern.observe;

import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.tunnel.PassageRecord;

/** How it ended, in the four letters that docs/watching.md explains. */
final class State {
    private State() {}

    static void write(ExchangeRecord exchange, LineBuffer line) {
        line.ascii(exchange.endedBy().letter()).ascii(exchange.phase().letter());
        line.ascii(exchange.server() == null ? '-' : exchange.reusedConnection() ? 'R' : 'N');
        line.ascii(exchange.retries() > 0 ? 'r' : '-');
    }

    static void write(PassageRecord passage, LineBuffer line) {
        line.ascii(passage.endedBy().letter()).ascii(passage.phase().letter());
        line.ascii(passage.server() == null ? '-' : 'N');
        line.ascii(passage.retries() > 0 ? 'r' : '-');
    }
}
