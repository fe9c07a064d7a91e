package dev.postern.observe;

import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.tunnel.PassageRecord;

/** How an exchange, or a passage, becomes a line. Event loop only; one for each loop. */
interface LineFormat {
    /** Writes one line, without its end. */
    void write(ExchangeRecord exchange, LineBuffer line);

    /** Writes one line for a connection that was passed on, without its end. */
    void write(PassageRecord passage, LineBuffer line);
}
