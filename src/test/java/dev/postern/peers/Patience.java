package dev.postern.peers;

import dev.postern.testing.RawClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;

/**
 * Reads what a proxy sends. Nothing comes any more where nothing has come for a second, and then nothing either until the
 * proxy has answered somebody else, and a moment longer: on a machine that is busy all of that takes as long as it takes.
 */
final class Patience {
    static final int SECOND = 1000;
    private static final int MOMENT = 200;

    private final RawClient client;
    private final InputStream in;
    private final Runnable control;

    /** @param control returns when the proxy has answered somebody else */
    Patience(RawClient client, Runnable control) {
        this.client = client;
        this.in = client.in();
        this.control = control;
    }

    /**
     * The next byte; -1 where the connection is closed.
     *
     * @throws SocketTimeoutException where nothing comes
     */
    int read() throws IOException {
        client.socket().setSoTimeout(SECOND);
        try {
            return octet();
        } catch (SocketTimeoutException e) {
            control.run();
            client.socket().setSoTimeout(MOMENT);
            return octet();
        }
    }

    /** A reset is a close: which of both it is depends on what the proxy had still to read when it closed. */
    private int octet() throws IOException {
        try {
            return in.read();
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException reset) {
            return -1;
        }
    }
}
