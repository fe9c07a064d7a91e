package dev.postern.observe;

import dev.postern.http.exchange.ExchangeRecord;

/** How an exchange becomes a line. Event loop only; one for each loop. */
interface LineFormat {
    /** Writes one line, without its end. */
    void write(ExchangeRecord exchange, LineBuffer line);
}
