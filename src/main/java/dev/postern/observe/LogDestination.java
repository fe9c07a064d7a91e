package dev.postern.observe;

import java.io.IOException;

/** Where the lines go. The writing thread only. */
interface LogDestination {
    /** Blocks. */
    void write(byte[] bytes, int length) throws IOException;

    /** After a failure: how many lines of the batch are not there as a whole. */
    int linesNotWritten(byte[] bytes, int length);

    /** Where it was moved away, it begins anew. */
    void reopen();

    void close();
}
