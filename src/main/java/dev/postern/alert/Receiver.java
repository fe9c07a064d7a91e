package dev.postern.alert;

import java.io.IOException;

/** A way to somebody. Blocking, for as long as its own limits allow; one thread at a time. */
public interface Receiver {
    /** What it is called in messages; no secret is in it. */
    String name();

    /** @throws IOException one line: it did not get there */
    void send(Message message) throws IOException, InterruptedException;
}
