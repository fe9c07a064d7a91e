package dev.postern.http.exchange;

import java.util.List;

/**
 * What the server of {@code forward-auth} has said of a request.
 *
 * @param backend that was asked
 * @param status of its answer; of one that was kept the status that it had
 * @param nanos that it took; 0 of one that was kept
 * @param cookies that it sets, for the client, as they are written in {@code Set-Cookie}
 */
public record Admission(String backend, int status, long nanos, List<String> cookies) {
    /** Whether the request goes on. */
    public boolean isYes() {
        return status >= 200 && status < 300;
    }
}
