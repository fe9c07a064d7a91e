package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What goes back to the client. Immutable, so that a fault on its way out can be another reply.
 *
 * @param delivery who calls {@link AcmeService} without a network must act this out himself
 */
public record AcmeReply(int status, List<Header> headers, String body, Delivery delivery) {
    public record Header(String name, String value) {}

    /** The first header of that name, whatever its case. */
    public Optional<String> header(String name) {
        return headers.stream()
                .filter(header -> header.name().equalsIgnoreCase(name))
                .map(Header::value)
                .findFirst();
    }

    static AcmeReply empty(int status) {
        return new AcmeReply(status, List.of(), "", Delivery.WHOLE);
    }

    static AcmeReply of(int status, String contentType, String body) {
        return new AcmeReply(status, List.of(new Header("Content-Type", contentType)), body, Delivery.WHOLE);
    }

    static AcmeReply json(int status, JsonObject body) {
        return of(status, "application/json", body.toString());
    }

    static AcmeReply problem(int status, Problem problem) {
        JsonObject body = problem.json();
        body.addProperty("status", status);
        return of(status, "application/problem+json", body.toString());
    }

    AcmeReply with(String name, String value) {
        List<Header> all = new ArrayList<>(headers);
        all.add(new Header(name, value));
        return new AcmeReply(status, List.copyOf(all), body, delivery);
    }

    AcmeReply withLink(String url, String relation) {
        return with("Link", "<" + url + ">;rel=\"" + relation + "\"");
    }

    /** Rounded up to whole seconds. */
    AcmeReply later(Duration wait) {
        return with("Retry-After", Long.toString(wait.plusMillis(999).toSeconds()));
    }

    AcmeReply withoutBody() {
        return new AcmeReply(status, headers, "", delivery);
    }

    AcmeReply delivered(Delivery how) {
        return new AcmeReply(status, headers, body, how);
    }
}
