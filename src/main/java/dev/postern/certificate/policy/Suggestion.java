package dev.postern.certificate.policy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.pki.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What the CA said of when to renew one certificate (ARI, <a href="https://datatracker.ietf.org/doc/html/rfc9773">RFC
 * 9773</a>), what we made of it, and when it is asked again.
 *
 * @param serial of the certificate
 * @param window null where the CA has not answered yet, or has no wishes
 * @param askAt not before this instant
 * @param failures how often in a row it could not be asked
 */
public record Suggestion(String serial, @Nullable Window window, Instant askAt, int failures) {
    /**
     * @param pick when to renew: drawn in the window once, so that looking again does not draw it earlier
     * @param explanation URL of a page for the operator
     */
    public record Window(
            Instant start,
            Instant end,
            Instant pick,
            @Nullable String explanation) {}

    /** RFC 9773 §4.3: where the CA does not say; "several times a day". */
    private static final Duration ASK_AGAIN = Duration.ofHours(6);

    private static final Duration SOONEST = Duration.ofHours(1);
    private static final Duration LATEST = Duration.ofHours(24);

    /** First questions are spread over this: thousands of certificates at once would be a flood. */
    private static final Duration FIRST = Duration.ofHours(1);

    /** Of a short life the CA is heard early all the same. */
    private static final int SHARE_OF_LIFE = 16;

    private static final List<Duration> BACK_OFF =
            List.of(Duration.ofMinutes(1), Duration.ofMinutes(10), Duration.ofMinutes(100), Duration.ofHours(6));

    /** For a certificate that its CA was never asked about. */
    public static Suggestion unasked(Certificate certificate, Instant now, RandomGenerator random) {
        Duration life = Duration.between(certificate.notBefore(), certificate.notAfter());
        Duration share = life.dividedBy(SHARE_OF_LIFE);
        Duration within = share.compareTo(FIRST) < 0 ? share : FIRST;
        Instant at = now.plusMillis((long) (random.nextDouble() * within.toMillis()));
        return new Suggestion(certificate.serialText(), null, at, 0);
    }

    /** Whether it is time to ask; an instant that only a wrong clock can have set is no reason to wait. */
    public boolean isDue(Instant now) {
        return !askAt.isAfter(now) || askAt.isAfter(now.plus(LATEST));
    }

    /** The CA answered. A window as before keeps its pick. */
    public Suggestion answered(SuggestedWindow answer, Instant now, RandomGenerator random) {
        Window before = window;
        boolean same = before != null
                && before.start().equals(answer.start())
                && before.end().equals(answer.end());
        Instant pick = same && before != null ? before.pick() : pick(answer, random);
        return new Suggestion(
                serial,
                new Window(answer.start(), answer.end(), pick, answer.explanation()),
                now.plus(clamped(answer.askAgain())),
                0);
    }

    private static Instant pick(SuggestedWindow answer, RandomGenerator random) {
        long millis = Duration.between(answer.start(), answer.end()).toMillis();
        return answer.start().plusMillis(millis <= 0 ? 0 : (long) (random.nextDouble() * millis));
    }

    private static Duration clamped(@Nullable Duration askAgain) {
        Duration wait = askAgain == null ? ASK_AGAIN : askAgain;
        wait = wait.compareTo(SOONEST) < 0 ? SOONEST : wait;
        return wait.compareTo(LATEST) > 0 ? LATEST : wait;
    }

    /** The CA has no such wishes; maybe tomorrow. */
    public Suggestion without(Instant now) {
        return new Suggestion(serial, null, now.plus(LATEST), 0);
    }

    /** It could not be asked; what it said before holds. */
    public Suggestion failed(@Nullable Instant retryAfter, Instant now) {
        Instant at = now.plus(BACK_OFF.get(Math.min(failures, BACK_OFF.size() - 1)));
        Instant latest = now.plus(LATEST);
        if (retryAfter != null && retryAfter.isAfter(at)) {
            at = retryAfter.isAfter(latest) ? latest : retryAfter;
        }
        return new Suggestion(serial, window, at, failures + 1);
    }

    /**
     * When to renew; null where the CA has not said. Not in the first hours of a certificate: a CA that calls for the
     * renewal of whatever it issues would get one order after the other.
     */
    @Nullable public Instant renewAt(Instant notBefore, Instant notAfter) {
        if (window == null) {
            return null;
        }
        Duration share = Duration.between(notBefore, notAfter).dividedBy(SHARE_OF_LIFE);
        Instant earliest = notBefore.plus(share.compareTo(LATEST) < 0 ? share : LATEST);
        return window.pick().isBefore(earliest) ? earliest : window.pick();
    }

    JsonObject toJson() {
        JsonObject json = new JsonObject();
        json.addProperty("serial", serial);
        json.addProperty("ask-at", askAt.toString());
        json.addProperty("failures", failures);
        if (window != null) {
            json.addProperty("start", window.start().toString());
            json.addProperty("end", window.end().toString());
            json.addProperty("pick", window.pick().toString());
            if (window.explanation() != null) {
                json.addProperty("explanation", window.explanation());
            }
        }
        return json;
    }

    static Suggestion parse(JsonObject json) {
        JsonElement start = json.get("start");
        JsonElement explanation = json.get("explanation");
        Window window = start == null
                ? null
                : new Window(
                        Instant.parse(start.getAsString()),
                        Instant.parse(json.get("end").getAsString()),
                        Instant.parse(json.get("pick").getAsString()),
                        explanation == null ? null : explanation.getAsString());
        return new Suggestion(
                json.get("serial").getAsString(),
                window,
                Instant.parse(json.get("ask-at").getAsString()),
                json.get("failures").getAsInt());
    }
}
