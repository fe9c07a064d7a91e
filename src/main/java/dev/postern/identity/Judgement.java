package dev.postern.identity;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one authority says of what a client has shown.
 *
 * @param by that authority, told from others by being the very same
 * @param fault null where it is good
 * @param path from the client's own certificate on, without that of the CA; where it is not good, the former alone
 * @param until when it has to be asked again: something ends then, or begins
 */
public record Judgement(Object by, @Nullable ClientFault fault, List<X509Certificate> path, Instant until) {
    /** Whether it still stands. */
    public boolean holds(Object authority, Instant now) {
        return by.equals(authority) && now.isBefore(until);
    }

    /** As servers and the log have it. */
    public String verification() {
        return fault == null ? "success" : "failed:" + fault.reason();
    }
}
