package dev.postern.peers;

import java.io.IOException;
import java.io.OutputStream;
import java.util.function.IntPredicate;

/** How one side's bytes are cut on their way: each piece is sent when the edge has read the one before. */
final class Pieces {
    /** Returns when what was sent before has been read. */
    @FunctionalInterface
    interface Read {
        void await() throws IOException;
    }

    private final IntPredicate cuts;
    private final Read read;
    private int position;

    /** @param cuts whether there is a cut in front of the byte with this number */
    Pieces(IntPredicate cuts, Read read) {
        this.cuts = cuts;
        this.read = read;
    }

    static Pieces whole() {
        return new Pieces(position -> false, () -> {});
    }

    void send(OutputStream out, byte[] bytes) throws IOException {
        int sent = 0;
        for (int i = 0; i < bytes.length; i++, position++) {
            if (i > sent && cuts.test(position)) {
                out.write(bytes, sent, i - sent);
                out.flush();
                read.await();
                sent = i;
            }
        }
        out.write(bytes, sent, bytes.length - sent);
        out.flush();
    }
}
