package dev.postern.devca;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One certificate, from asking to fetching, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.6">RFC
 * 8555 §7.1.6</a>. Its fields are read and written under the monitor of {@link AcmeState}.
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

    // Only what its authorizations do not say: null until it is finalized or has failed.
    private @Nullable Status outcome;
    private @Nullable Problem error;
    private @Nullable String certificateId;

    Order(String id, String accountId, List<String> names, List<Authorization> authorizations, Instant expires) {
        this.id = id;
        this.accountId = accountId;
        this.names = List.copyOf(names);
        this.authorizations = List.copyOf(authorizations);
        this.expires = expires;
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
        json.addProperty("type", "dns");
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
