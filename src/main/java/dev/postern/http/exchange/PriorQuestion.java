package dev.postern.http.exchange;

/** What has to be known before it is decided what becomes of an exchange; ends with it at the latest. Event loop only. */
interface PriorQuestion {
    /** Who is asked, for the log. */
    String where();

    /** The exchange is over: nothing is to be known any more. Where it was over before, nothing happens. */
    void end();
}
