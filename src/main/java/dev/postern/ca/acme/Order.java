package dev.postern.ca.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.ca.ServerName;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One certificate, from asking to fetching, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.6">RFC
 * 8555 §7.1.6</a>. Part of the {@link AcmeState}, and used with it.
 */
final class Order {
    enum Status {
        PENDING("pending"),
        READY("ready"),
        PROCESSING("processing"),
        VALID("valid"),
        INVALID("invalid");

        private final String text;

        Status(String text) {
            this.text = text;
        }
    }

    private final String id;
    private final String accountId;
    private final List<String> names;
    private final List<Authorization> authorizations;
    private final Instant expires;
    private final @Nullable String profile;
    private final @Nullable String replaces;

    // Only what its authorizations do not say: null until it is finalized or has failed.
    private @Nullable Status outcome;
    private @Nullable Problem error;
    private @Nullable String certificateId;

    // Where it is stuck in processing: how often it is still read before it goes on, and what it then does.
    private int polls;
    private @Nullable Runnable next;

    Order(
            String id,
            String accountId,
            List<String> names,
            List<Authorization> authorizations,
            Instant expires,
            @Nullable String profile,
            @Nullable String replaces) {
        this.id = id;
        this.accountId = accountId;
        this.names = List.copyOf(names);
        this.authorizations = List.copyOf(authorizations);
        this.expires = expires;
        this.profile = profile;
        this.replaces = replaces;
    }

    String id() {
        return id;
    }

    String accountId() {
        return accountId;
    }

    List<String> names() {
        return names;
    }

    @Nullable String profile() {
        return profile;
    }

    /** The ARI id of a certificate. */
    @Nullable String replaces() {
        return replaces;
    }

    Instant expires() {
        return expires;
    }

    Status status(Instant now) {
        if (outcome != null) {
            return outcome;
        }
        if (!now.isBefore(expires)) {
            return Status.INVALID;
        }
        boolean allValid = true;
        for (Authorization authorization : authorizations) {
            switch (authorization.status(now)) {
                case VALID -> {}
                case PENDING -> allValid = false;
                case INVALID, DEACTIVATED, EXPIRED -> {
                    return Status.INVALID;
                }
            }
        }
        return allValid ? Status.READY : Status.PENDING;
    }

    /** Whether it moves on without the client doing anything: asking again later is worth it. */
    boolean isMoving(Instant now) {
        return switch (status(now)) {
            case PROCESSING -> true;
            case PENDING -> authorizations.stream().anyMatch(Authorization::isProcessing);
            case READY, VALID, INVALID -> false;
        };
    }

    void process() {
        outcome = Status.PROCESSING;
    }

    /** @param reads after which {@code then} is run; negative for never */
    void stick(int reads, Runnable then) {
        polls = reads;
        next = then;
    }

    void read() {
        Runnable then = next;
        if (then != null && polls-- == 0) {
            next = null;
            then.run();
        }
    }

    void succeed(String certificate) {
        outcome = Status.VALID;
        certificateId = certificate;
    }

    void fail(Problem problem) {
        outcome = Status.INVALID;
        error = problem;
    }

    JsonObject json(AcmeUrls urls, Instant now) {
        JsonObject json = new JsonObject();
        json.addProperty("status", status(now).text);
        json.addProperty("expires", expires.toString());
        JsonArray identifiers = new JsonArray();
        names.forEach(name -> identifiers.add(identifierJson(name)));
        json.add("identifiers", identifiers);
        JsonArray array = new JsonArray();
        authorizations.forEach(authorization -> array.add(urls.authorization(authorization)));
        json.add("authorizations", array);
        json.addProperty("finalize", urls.finalization(this));
        if (profile != null) {
            json.addProperty("profile", profile);
        }
        if (replaces != null) {
            json.addProperty("replaces", replaces);
        }
        if (certificateId != null) {
            json.addProperty("certificate", urls.certificate(certificateId));
        }
        Problem problem = error != null ? error : status(now) == Status.INVALID ? reason(now) : null;
        if (problem != null) {
            json.add("error", problem.json());
        }
        return json;
    }

    static JsonObject identifierJson(String name) {
        JsonObject json = new JsonObject();
        json.addProperty("type", ServerName.isIpLiteral(name) ? "ip" : "dns");
        json.addProperty("value", name);
        return json;
    }

    private Problem reason(Instant now) {
        for (Authorization authorization : authorizations) {
            for (Challenge challenge : authorization.challenges()) {
                Problem problem = challenge.error();
                if (problem != null) {
                    return problem;
                }
            }
            Authorization.Status status = authorization.status(now);
            if (status == Authorization.Status.DEACTIVATED || status == Authorization.Status.EXPIRED) {
                return Problem.about(
                        authorization.name(), ProblemType.UNAUTHORIZED, "authorization is no longer good: " + status);
            }
        }
        return Problem.of(ProblemType.MALFORMED, "order expired at " + expires);
    }
}
