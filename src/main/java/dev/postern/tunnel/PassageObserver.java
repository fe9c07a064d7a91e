package dev.postern.tunnel;

/**
 * Is told of every passage at its end, whatever the end. Each event loop has an observer of its own, which is called on that
 * loop only: it must be quick, must not block, and must not keep what it is given.
 */
public interface PassageObserver {
    /** Watches nothing. */
    PassageObserver NONE = passage -> {};

    void ended(PassageRecord passage);
}
