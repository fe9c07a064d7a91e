package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One way to prove control of a name, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8">RFC 8555 §8</a>.
 * Part of the {@link AcmeState}, and used with it.
 */
final class Challenge {
    enum Status {
        PENDING("pending"),
        PROCESSING("processing"),
        VALID("valid"),
        INVALID("invalid");

        private final String text;

        Status(String text) {
            this.text = text;
        }
    }

    private final String id;
    private final String type;
    private final String token;
    private final Authorization authorization;

    private Status status = Status.PENDING;
    private @Nullable Instant validated;
    private @Nullable Problem error;

    Challenge(String id, String type, String token, Authorization authorization) {
        this.id = id;
        this.type = type;
        this.token = token;
        this.authorization = authorization;
    }

    String id() {
        return id;
    }

    String type() {
        return type;
    }

    String token() {
        return token;
    }

    Authorization authorization() {
        return authorization;
    }

    Status status() {
        return status;
    }

    @Nullable Problem error() {
        return error;
    }

    void process() {
        status = Status.PROCESSING;
    }

    void succeed(Instant when) {
        status = Status.VALID;
        validated = when;
    }

    void fail(Problem problem) {
        status = Status.INVALID;
        error = problem;
    }

    JsonObject json(AcmeUrls urls) {
        JsonObject json = new JsonObject();
        json.addProperty("type", type);
        json.addProperty("url", urls.challenge(this));
        json.addProperty("status", status.text);
        json.addProperty("token", token);
        if (validated != null) {
            json.addProperty("validated", validated.toString());
        }
        if (error != null) {
            json.add("error", error.json());
        }
        return json;
    }
}
