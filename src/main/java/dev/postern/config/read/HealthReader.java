package dev.postern.config.read;

import dev.postern.config.Dialogue;
import dev.postern.config.Durations;
import dev.postern.config.Health;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.Spelling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Reads {@code health}. */
final class HealthReader {
    static final List<String> KEYS = List.of(
            "method",
            "path",
            "host",
            "expect",
            "interval",
            "timeout",
            "rise",
            "fall",
            "type",
            "drain-on-404",
            "port",
            "send",
            "dialogue",
            "user");
    private static final List<String> HTTP_ONLY = List.of("method", "path", "host", "drain-on-404");
    private static final List<String> TCP_ONLY = List.of("send", "dialogue");

    /** What is said where the type says it all. */
    private static final Map<String, Dialogue> KNOWN =
            Map.of("redis", Dialogue.REDIS, "mysql", Dialogue.MYSQL, "smtp", Dialogue.SMTP, "ldap", Dialogue.LDAP);

    private static final String POSTGRESQL = "postgresql";
    private static final Scalar<String> TYPE =
            Scalar.oneOf(List.of("http", "tcp", "redis", POSTGRESQL, "mysql", "smtp", "ldap"), type -> type);
    private static final Scalar<String> BYTES = new Scalar<>("a text of bytes such as \"PING\\r\\n\"", text -> {
        if (text.isEmpty()) {
            throw new NotUnderstood("is empty");
        }
        if (text.chars().anyMatch(c -> c > 0xff)) {
            throw new NotUnderstood("has a character that is no byte");
        }
        return text;
    });
    private static final Scalar<String> USER = new Scalar<>("the name of a user such as postern", text -> {
        if (!text.matches("[ -~]{1,63}")) {
            throw new NotUnderstood("is no name of a user");
        }
        return text;
    });
    private static final Scalar<String> METHOD = Scalar.oneOf(List.of("GET", "HEAD", "OPTIONS"), method -> method);
    private static final Scalar<Integer> CHECKS_IN_A_ROW = Scalar.wholeNumber(1, 100);

    private static final Scalar<Integer> PORT = Scalar.wholeNumber(1, 65_535);

    // Often enough to miss a dead server for 15 s at most, seldom enough not to be a load.
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private record Statuses(int from, int to) {
        private static final Statuses GOOD = new Statuses(200, 399);

        private static final Scalar<Statuses> SCALAR = new Scalar<Statuses>(
                        "a status such as 200 or a range such as 200-399", Statuses::parse)
                .spelled(Spelling.form(
                        "[2-5][0-9]{2}(-[2-5][0-9]{2})?", statuses -> statuses.from() + "-" + statuses.to()));

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
        Duration interval = health.get("interval", Durations.POSITIVE, INTERVAL);
        // A short interval alone shortens the timeout with it.
        Duration timeout =
                health.get("timeout", Durations.POSITIVE, interval.compareTo(TIMEOUT) < 0 ? interval : TIMEOUT);
        String type = health.get("type", TYPE, "http");
        boolean asksHttp = type.equals("http");
        Statuses expect = asksHttp ? health.get("expect", Statuses.SCALAR, Statuses.GOOD) : Statuses.GOOD;
        if (!type.equals("http")) {
            means(health, HTTP_ONLY, "a check of type " + type + ", which speaks no HTTP");
        }
        if (!type.equals("tcp")) {
            means(health, TCP_ONLY, "a check of type " + type + ", which knows what to say");
        }
        if (!asksHttp && !type.equals("tcp")) {
            means(health, List.of("expect"), "a check of type " + type + ", which knows what to hear");
        }
        if (!type.equals(POSTGRESQL)) {
            means(health, List.of("user"), "a check of type " + type + " (expected: only with type postgresql)");
        }
        boolean drainOn404 = ofHttp(health, asksHttp, "drain-on-404", Scalar.BOOLEAN, false);
        if (drainOn404 && expect.from() <= 404 && expect.to() >= 404) {
            health.place("drain-on-404").problem("404 is an expected status as well (expected: one of the two)");
        }
        return new Health(
                ofHttp(health, asksHttp, "method", METHOD, "GET"),
                ofHttp(health, asksHttp, "path", UriText.PATH_AND_QUERY, "/health"),
                health.find("host", HostHeader.SCALAR),
                expect.from(),
                expect.to(),
                interval,
                timeout,
                health.get("rise", CHECKS_IN_A_ROW, 2),
                health.get("fall", CHECKS_IN_A_ROW, 3),
                asksHttp ? Health.Type.HTTP : Health.Type.TCP,
                drainOn404,
                port(health.find("port", PORT)),
                dialogue(type, health));
    }

    /** What has no default where it means nothing. */
    private static <T> T ofHttp(Section health, boolean asksHttp, String key, Scalar<T> kind, T otherwise) {
        return asksHttp || health.has(key) ? health.get(key, kind, otherwise) : otherwise;
    }

    private static OptionalInt port(@Nullable Integer number) {
        return number == null ? OptionalInt.empty() : OptionalInt.of(number);
    }

    private static void means(Section health, List<String> keys, String nothingTo) {
        for (String key : keys) {
            if (health.has(key)) {
                health.place(key).problem("means nothing to " + nothingTo);
            }
        }
    }

    private static Dialogue dialogue(String type, Section health) {
        if (type.equals(POSTGRESQL)) {
            return Dialogue.postgresql(health.get("user", USER, "postern"));
        }
        if (!type.equals("tcp")) {
            return KNOWN.getOrDefault(type, Dialogue.NONE);
        }
        if (!health.has("dialogue")) {
            Dialogue.Step step = step(health);
            return health.has("send") || health.has("expect") ? new Dialogue(List.of(step)) : Dialogue.NONE;
        }
        means(
                health,
                List.of("send", "expect"),
                "a check that has a dialogue (expected: send and expect inside of it)");
        List<Dialogue.Step> steps = new ArrayList<>();
        for (Value item :
                health.place("dialogue").items("a list of steps such as {send: \"PING\\r\\n\", expect: \"+PONG\"}")) {
            Section step = Section.of(item, List.of("send", "expect"));
            if (item.isMapping() && !step.has("send") && !step.has("expect")) {
                item.problem("says nothing and hears nothing (expected: send, expect or both)");
            }
            steps.add(step(step));
        }
        return new Dialogue(List.copyOf(steps));
    }

    private static Dialogue.Step step(Section at) {
        String expect = at.find("expect", BYTES);
        String send = at.find("send", BYTES);
        return new Dialogue.Step(
                send == null ? "" : send, expect == null ? List.of() : List.of(expect), Dialogue.ANYWHERE);
    }
}
