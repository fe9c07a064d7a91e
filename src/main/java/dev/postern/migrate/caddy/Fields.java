package dev.postern.migrate.caddy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Headers;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What is done to headers: {@code header}, {@code request_header}, {@code header_up} and {@code header_down}. */
final class Fields {
    private static final Set<String> WHAT_POSTERN_SAYS = Set.of(
            "{remote_host}",
            "{remote}",
            "{client_ip}",
            "{scheme}",
            "https",
            "http",
            "{host}",
            "{hostport}",
            "{port}",
            "{http.request.remote.host}",
            "{http.request.scheme}",
            "{http.request.host}",
            "{http.request.hostport}",
            "{http.request.header.X-Forwarded-For}",
            "{http.request.header.CF-Connecting-IP}");

    private final Placeholders placeholders;
    private final Tally tally;
    private final Mapping at;

    Fields(Placeholders placeholders, Tally tally, Mapping at) {
        this.placeholders = placeholders;
        this.tally = tally;
        this.at = at;
    }

    /** @param words field, value and what else there is */
    Edits of(Directive line, List<String> words, boolean toServer) {
        String field = words.isEmpty() ? "" : words.get(0);
        String first = field.isEmpty() ? "" : field.substring(0, 1);
        String name = field.replaceFirst("^[-+>?]", "").replaceFirst(":$", "");
        String value = words.size() > 1 ? words.get(1) : "";
        if (words.size() > 2) {
            return told(line, "values are set, and not searched");
        }
        if (toServer && Headers.isOurs(name)) {
            if (first.equals("-") || WHAT_POSTERN_SAYS.contains(value)) {
                tally.itself(line);
            } else {
                tally.note(at, line, "Postern writes " + name + " by itself, of what it knows", "another header");
            }
            return Edits.NONE;
        }
        if (toServer && Headers.isFraming(name) && !name.equalsIgnoreCase("host")) {
            tally.itself(line);
            return Edits.NONE;
        }
        if (first.equals("?")) {
            return told(line, "a header is set, added or removed, whatever a server says");
        }
        if (name.indexOf('*') >= 0 || !(toServer ? Headers.isForServers(name) : Headers.isForClients(name))) {
            return told(line, "it is not for the configuration");
        }
        if (first.equals("-")) {
            tally.carried(line);
            return Edits.of(new Action.Header(toServer, "remove", name, ""));
        }
        Optional<String> said = placeholders
                .field(value)
                .filter(text -> text.replaceAll("\\{[a-z-]+}", "").indexOf('{') < 0);
        if (said.isEmpty() || said.get().isEmpty()) {
            return told(line, "Postern has no such placeholder");
        }
        tally.carried(line);
        return Edits.of(new Action.Header(toServer, first.equals("+") ? "add" : "set", name, said.get()));
    }

    private Edits told(Directive line, String why) {
        tally.note(at, line, why, "request-headers and response-headers");
        return Edits.NONE;
    }

    /** Of a directive, whose block has more of them. */
    Edits ofDirective(Directive line, List<String> arguments, boolean toServer) {
        Edits edits = arguments.isEmpty() ? Edits.NONE : of(line, arguments, toServer);
        for (Directive inner : line.own()) {
            if (inner.is("defer")) {
                tally.carried(inner);
            } else {
                edits = edits.and(of(inner, inner.words(), toServer));
            }
        }
        if (arguments.isEmpty()) {
            tally.carried(line);
        }
        return edits;
    }
}
