package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import dev.postern.certificate.issuer.SuggestedWindow;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** <a href="https://datatracker.ietf.org/doc/html/rfc9773#section-4">RFC 9773 §4</a>: when to renew. */
final class RenewalResources {
    /** Up to here a certificate is short-lived, and half of its life is left for renewals instead of a third. */
    private static final Duration SHORT_LIFE = Duration.ofDays(10);

    private final AcmeDoor door;
    private final AcmeOptions options;

    RenewalResources(AcmeDoor door, AcmeOptions options) {
        this.door = door;
        this.options = options;
    }

    AcmeReply window(String id) throws AcmeRefusal {
        SuggestedWindow window = door.within(its -> window(its, id));
        JsonObject span = new JsonObject();
        span.addProperty("start", window.start().truncatedTo(ChronoUnit.SECONDS).toString());
        span.addProperty("end", window.end().truncatedTo(ChronoUnit.SECONDS).toString());
        JsonObject json = new JsonObject();
        json.add("suggestedWindow", span);
        if (window.explanation() != null) {
            json.addProperty("explanationURL", window.explanation());
        }
        Duration askAgain = window.askAgain();
        return AcmeReply.json(200, json).later(askAgain != null ? askAgain : options.renewalInfoRetryAfter);
    }

    private SuggestedWindow window(AcmeState state, String id) throws AcmeRefusal {
        AcmeState.Issued issued = state.issued(id).orElseThrow(() -> AcmeRefusal.notFound("certificate"));
        return state.window(id).orElseGet(() -> usual(issued.leaf(), state.isRevoked(issued.leaf())));
    }

    /** As at Let's Encrypt: around two thirds of the life, or half of a short one; at once for a revoked one. */
    private SuggestedWindow usual(X509Certificate leaf, boolean isRevoked) {
        Instant start = leaf.getNotBefore().toInstant();
        Instant end = leaf.getNotAfter().toInstant();
        if (isRevoked) {
            Instant now = options.clock.instant();
            return new SuggestedWindow(now.minus(Duration.ofHours(1)), now, null, null);
        }
        Duration life = Duration.between(start, end);
        Instant middle = end.minus(life.dividedBy(life.compareTo(SHORT_LIFE) < 0 ? 2 : 3));
        Duration margin = life.dividedBy(50);
        return new SuggestedWindow(middle.minus(margin), middle.plus(margin), null, null);
    }
}
