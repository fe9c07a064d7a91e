package dev.postern.devca;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** What goes back over HTTP. Immutable, so that a fault on its way out can be another reply. */
record Reply(int status, List<Header> headers, String body) {
    record Header(String name, String value) {}

    static Reply empty(int status) {
        return new Reply(status, List.of(), "");
    }

    static Reply of(int status, String contentType, String body) {
        return new Reply(status, List.of(new Header("Content-Type", contentType)), body);
    }

    static Reply json(int status, JsonObject body) {
        return of(status, "application/json", body.toString());
    }

    static Reply problem(int status, Problem problem) {
        JsonObject body = problem.json();
        body.addProperty("status", status);
        return of(status, "application/problem+json", body.toString());
    }

    Reply with(String name, String value) {
        List<Header> all = new ArrayList<>(headers);
        all.add(new Header(name, value));
        return new Reply(status, List.copyOf(all), body);
    }

    Reply withLink(String url, String relation) {
        return with("Link", "<" + url + ">;rel=\"" + relation + "\"");
    }
}
