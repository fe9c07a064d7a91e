package dev.postern.certificate.store;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Another process writes to the store: that ends by itself, or by the operator's hand; nothing is wrong with it. */
public final class StoreInUse extends IOException {
    private static final long serialVersionUID = 1;

    public StoreInUse(String message) {
        super(message);
    }

    /** Whether that is why something failed. */
    public static boolean isCauseOf(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof StoreInUse) {
                return true;
            }
        }
        return false;
    }
}
