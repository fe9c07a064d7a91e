package dev.postern.config.read;

import dev.postern.config.Durations;
import dev.postern.config.Limits;
import dev.postern.config.RouteLimits;
import dev.postern.config.RouteTimeouts;
import dev.postern.config.Scalar;
import dev.postern.config.Sizes;
import dev.postern.config.Timeouts;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Reads {@code timeouts} and {@code limits}. What each number is for stands in config/postern.yaml. */
final class LimitsReader {
    static final List<String> TIMEOUTS =
            List.of("handshake", "request-head", "request-body", "keep-alive", "connect", "response", "tunnel");
    static final List<String> LIMITS = List.of(
            "request-line",
            "head",
            "headers",
            "body",
            "connections",
            "connections-per-client",
            "server-connections",
            "server-connections-per-client");

    // The least is about what any request takes; the most bounds what one connection can make us keep.
    private static final Scalar<Integer> REQUEST_LINE = Sizes.between(64, 1 << 20);
    private static final Scalar<Integer> HEAD = Sizes.between(128, 1 << 20);
    private static final Scalar<Integer> HEADERS = Scalar.wholeNumber(1, 10_000);
    // Larger than any file that is sent over HTTP; a number, so that a slip of three digits is noticed.
    private static final Scalar<Long> BODY_SIZE = Sizes.between(1L, 1024L << 30);
    private static final Scalar<OptionalLong> BODY =
            BODY_SIZE.or("unlimited", OptionalLong.empty(), OptionalLong::of, OptionalLong::getAsLong);
    // The kernel's largest count of open files by default is 2^30; nobody has seen a host hold more than this.
    private static final int MOST_CONNECTIONS = 10_000_000;
    private static final Scalar<Integer> CONNECTION_COUNT = Scalar.wholeNumber(1, MOST_CONNECTIONS);
    private static final Scalar<OptionalInt> CONNECTIONS =
            CONNECTION_COUNT.or("auto", OptionalInt.empty(), OptionalInt::of, OptionalInt::getAsInt);

    private static final Scalar<OptionalInt> CONNECTIONS_PER_CLIENT =
            CONNECTION_COUNT.or("unlimited", OptionalInt.empty(), OptionalInt::of, OptionalInt::getAsInt);

    /** Those of a site, a backend or a route. */
    private static final List<String> OWN_TIMEOUTS = List.of("request-body", "connect", "response", "tunnel");

    private LimitsReader() {}

    static Timeouts timeouts(Section timeouts) {
        return new Timeouts(
                timeouts.get("handshake", Durations.POSITIVE, Duration.ofSeconds(10)),
                timeouts.get("request-head", Durations.POSITIVE, Duration.ofSeconds(10)),
                timeouts.get("request-body", Durations.POSITIVE_OR_UNLIMITED, Duration.ofSeconds(30)),
                timeouts.get("keep-alive", Durations.POSITIVE, Duration.ofSeconds(75)),
                timeouts.get("connect", Durations.POSITIVE, Duration.ofSeconds(3)),
                timeouts.get("response", Durations.POSITIVE_OR_UNLIMITED, Duration.ofSeconds(60)),
                timeouts.get("tunnel", Durations.POSITIVE_OR_UNLIMITED, Duration.ofHours(1)));
    }

    /** Those of a site, a backend or a route; none where it says nothing. */
    static RouteTimeouts ownTimeouts(Section at) {
        if (!at.has("timeouts")) {
            return RouteTimeouts.NONE;
        }
        Section timeouts = at.section("timeouts", OWN_TIMEOUTS);
        return new RouteTimeouts(
                timeouts.find("request-body", Durations.POSITIVE_OR_UNLIMITED),
                timeouts.find("connect", Durations.POSITIVE),
                timeouts.find("response", Durations.POSITIVE_OR_UNLIMITED),
                timeouts.find("tunnel", Durations.POSITIVE_OR_UNLIMITED));
    }

    /** As {@link #ownTimeouts}. */
    static RouteLimits ownLimits(Section at) {
        return at.has("limits")
                ? new RouteLimits(at.section("limits", List.of("body")).find("body", BODY))
                : RouteLimits.NONE;
    }

    static Limits limits(Section limits) {
        int requestLine = limits.get("request-line", REQUEST_LINE, 8 << 10);
        int head = limits.get("head", HEAD, Math.max(16 << 10, requestLine));
        if (requestLine > head) {
            limits.place(limits.has("request-line") ? "request-line" : "head")
                    .problem("the request line is part of the head, which may have " + Sizes.text(head)
                            + " only (expected: request-line at most as large as head)");
        }
        return new Limits(
                requestLine,
                head,
                limits.get("headers", HEADERS, 100),
                limits.get("body", BODY, OptionalLong.empty()),
                limits.get("connections", CONNECTIONS, OptionalInt.empty()),
                limits.get("connections-per-client", CONNECTIONS_PER_CLIENT, OptionalInt.empty()),
                limits.get("server-connections", CONNECTIONS, OptionalInt.empty()),
                limits.get("server-connections-per-client", CONNECTIONS, OptionalInt.empty()));
    }
}
