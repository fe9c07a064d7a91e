package dev.postern.bench.compare;

import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/**
 * Sends what there is when its user begins to read: the JDK writes every record of a handshake by itself, where browsers send
 * one packet, and servers would be woken for each.
 */
final class FlightSocket extends Socket {
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private InputStream in;

    @Override
    public OutputStream getOutputStream() {
        return waiting;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        if (in == null) {
            OutputStream out = super.getOutputStream();
            in = new FilterInputStream(super.getInputStream()) {
                @Override
                public int read() throws IOException {
                    send(out);
                    return super.read();
                }

                @Override
                public int read(byte[] bytes, int from, int length) throws IOException {
                    send(out);
                    return super.read(bytes, from, length);
                }
            };
        }
        return in;
    }

    private void send(OutputStream out) throws IOException {
        if (waiting.size() > 0) {
            waiting.writeTo(out);
            waiting.reset();
        }
    }
}
