package dev.postern.config.read;

import dev.postern.config.Durations;
import dev.postern.config.Health;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Reads {@code health}. */
final class HealthReader {
    static final List<String> KEYS = List.of(
            "method", "path", "host", "expect", "interval", "timeout", "rise", "fall", "type", "drain-on-404", "port");
    private static final List<String> HTTP_ONLY = List.of("method", "path", "host", "expect", "drain-on-404");

    private static final Scalar<Health.Type> TYPE =
            Scalar.oneOf(Map.of("http", Health.Type.HTTP, "tcp", Health.Type.TCP), "http or tcp");
    private static final Scalar<String> METHOD = Scalar.oneOf(List.of("GET", "HEAD", "OPTIONS"), method -> method);
    private static final Scalar<Integer> CHECKS_IN_A_ROW = Scalar.wholeNumber(1, 100);

    private static final Scalar<Integer> PORT = Scalar.wholeNumber(1, 65_535);

    // Often enough to miss a dead server for 15 s at most, seldom enough not to be a load.
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private record Statuses(int from, int to) {
        private static final Scalar<Statuses> SCALAR =
                new Scalar<>("a status such as 200 or a range such as 200-399", Statuses::parse);

        private static Statuses parse(String text) throws NotUnderstood {
            if (!text.matches("[2-5][0-9]{2}(-[2-5][0-9]{2})?")) {
                throw new NotUnderstood("");
            }
            int from = Integer.parseInt(text.substring(0, 3));
            int to = text.length() == 3 ? from : Integer.parseInt(text.substring(4));
            if (from > to) {
                throw new NotUnderstood("ends before it starts");
            }
            return new Statuses(from, to);
        }
    }

    private HealthReader() {}

    static Health read(Section health) {
        Statuses expect = health.get("expect", Statuses.SCALAR, new Statuses(200, 399));
        Duration interval = health.get("interval", Durations.POSITIVE, INTERVAL);
        // A short interval alone shortens the timeout with it.
        Duration timeout =
                health.get("timeout", Durations.POSITIVE, interval.compareTo(TIMEOUT) < 0 ? interval : TIMEOUT);
        Health.Type type = health.get("type", TYPE, Health.Type.HTTP);
        if (type == Health.Type.TCP) {
            for (String key : HTTP_ONLY) {
                if (health.has(key)) {
                    health.place(key).problem("means nothing to a check of type tcp, which asks nothing");
                }
            }
        }
        boolean drainOn404 = health.get("drain-on-404", Scalar.BOOLEAN, false);
        if (drainOn404 && expect.from() <= 404 && expect.to() >= 404) {
            health.place("drain-on-404").problem("404 is an expected status as well (expected: one of the two)");
        }
        return new Health(
                health.get("method", METHOD, "GET"),
                health.get("path", UriText.PATH_AND_QUERY, "/health"),
                health.find("host", HostHeader.SCALAR),
                expect.from(),
                expect.to(),
                interval,
                timeout,
                health.get("rise", CHECKS_IN_A_ROW, 2),
                health.get("fall", CHECKS_IN_A_ROW, 3),
                type,
                drainOn404,
                health.has("port") ? OptionalInt.of(health.get("port", PORT, 1)) : OptionalInt.empty());
    }
}
