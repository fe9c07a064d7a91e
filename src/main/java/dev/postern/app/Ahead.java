package dev.postern.app;

import dev.postern.machine.TlsLibrary;
import org.slf4j.LoggerFactory;

/**
 * What a process needs soon and takes long, done on a thread of its own while the command line and the configuration are read:
 * of the two halves of a start the other one.
 */
public final class Ahead {
    private Ahead() {}

    /** Before a command that makes handshakes, or tries whether one could be made. */
    public static void begin() {
        Threads.named("ahead").newThread(Ahead::load).start();
    }

    private static void load() {
        var unused = LoggerFactory.getILoggerFactory();
        TlsLibrary.load();
        Signals.prepare();
    }
}
