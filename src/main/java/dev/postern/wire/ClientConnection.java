package dev.postern.wire;

/** A client's connection, as those see it who look after all of an event loop. Event loop only. */
public interface ClientConnection {
    /** Whether nothing is under way that would be lost, and no part of what comes next has come. */
    boolean isIdle();

    /** Whether a part of a head has come, and no exchange is under way. */
    boolean isInHead();

    /** For how long nothing has begun or ended. */
    long idleNanos(long now);

    /** Ends what has taken too long. */
    void checkTimeouts(long now);

    /** We are going to stop: tells the client, where its protocol has words for it. Called again and again. */
    void drain();

    /** While we drain: nothing more comes, but what is on its way to the client gets there. */
    void closeIdle();

    /** Memory is short, and it holds some of it. Only where it is idle, or in a head. */
    void putOut();

    /** Closes; what is not written yet is lost, and exchanges under way have ended because of {@code why}. */
    void closeNow(Failure why);
}
