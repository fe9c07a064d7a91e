package dev.postern.migrate;

/** What of the other program's configuration is carried over, or told of, as one. Each is itself and no other, however alike they are. */
public interface Line {
    /** The file it stands in; empty where that is the one that is imported. */
    default String file() {
        return "";
    }

    /** Counted from 1. */
    int line();

    /** As it stands there, without secrets. */
    String text();
}
