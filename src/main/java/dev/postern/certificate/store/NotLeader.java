package dev.postern.certificate.store;

import java.io.IOException;

/**
 * Another holder writes now. Nothing was written; whoever meets this stops, and keeps nothing of what it was about to write:
 * what there is in the store is of the other one.
 */
public final class NotLeader extends IOException {
    private static final long serialVersionUID = 1;

    /** @param message one line for the operator: where, and who is instead */
    public NotLeader(String message) {
        super(message);
    }
}
