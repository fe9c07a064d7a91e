package dev.postern.config;

import java.time.Duration;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a site, a backend or a route says of timeouts for itself. The route has the last word, then the backend, then the
 * site, then what stands for all.
 *
 * @param requestBody null where it says nothing, and so with the others; {@link Durations#UNLIMITED} for no limit
 */
public record RouteTimeouts(
        @Nullable Duration requestBody,
        @Nullable Duration connect,
        @Nullable Duration response,
        @Nullable Duration tunnel) {
    public static final RouteTimeouts NONE = new RouteTimeouts(null, null, null, null);

    /** These, and of {@code less} what these do not say. */
    public RouteTimeouts over(RouteTimeouts less) {
        return new RouteTimeouts(
                requestBody == null ? less.requestBody : requestBody,
                connect == null ? less.connect : connect,
                response == null ? less.response : response,
                tunnel == null ? less.tunnel : tunnel);
    }

    /** What holds for a request, where {@code all} holds for those of which nothing else is said. */
    public Timeouts over(Timeouts all) {
        return equals(NONE)
                ? all
                : new Timeouts(
                        all.handshake(),
                        all.requestHead(),
                        requestBody == null ? all.requestBody() : requestBody,
                        all.keepAlive(),
                        connect == null ? all.connect() : connect,
                        response == null ? all.response() : response,
                        tunnel == null ? all.tunnel() : tunnel);
    }

    /** Those that somebody has to look after. */
    public Stream<Duration> looked() {
        return Stream.of(requestBody, response).flatMap(Stream::ofNullable);
    }
}
