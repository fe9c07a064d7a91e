package dev.postern.migrate.caddy;

import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What is asked of requests, or done to answers, on the way: {@code basic_auth}, {@code encode}, {@code request_body}. */
final class Filters {
    private static final Pattern BCRYPT = Pattern.compile("\\$2[aby]\\$(0[4-9]|1[0-4])\\$[./A-Za-z0-9]{53}");

    private final Tally tally;
    private final Mapping at;

    Filters(Tally tally, Mapping at) {
        this.tally = tally;
        this.at = at;
    }

    Edits compression(Directive line, List<String> words) {
        List<String> encodings = new ArrayList<>();
        Map<String, Value> said = new LinkedHashMap<>();
        List<String> all = new ArrayList<>(words);
        tally.carried(line);
        for (Directive inner : line.own()) {
            if (inner.is("minimum_length") && Numbers.isBetween(inner.word(1), 1, 100_000_000)) {
                said.put("min-size", Value.of(inner.word(1) + "B"));
                tally.carried(inner);
            } else if (Set.of("gzip", "zstd", "br").contains(inner.name())) {
                all.add(inner.name());
                tally.carried(inner);
            } else {
                tally.note(at, inner, "what is compressed is told by media types", "compression: types");
                inner.all().skip(1).forEach(one -> tally.within(at, inner, one));
            }
        }
        all.stream()
                .filter(one -> Set.of("gzip", "zstd", "br").contains(one) && !encodings.contains(one))
                .forEach(encodings::add);
        Map<String, Value> entries = new LinkedHashMap<>();
        entries.put("encodings", Value.of(encodings.isEmpty() ? List.of("zstd", "gzip") : encodings));
        entries.putAll(said);
        entries.putIfAbsent("min-size", Value.of("512B"));
        return Edits.saying("compression", Value.entries(entries));
    }

    Edits body(Directive line) {
        Edits edits = Edits.NONE;
        tally.carried(line);
        for (Directive inner : line.own()) {
            Optional<String> size = inner.is("max_size") ? Bytes.of(inner.word(1)) : Optional.empty();
            if (size.isPresent()) {
                tally.carried(inner);
                edits = Edits.saying("limits", Value.mapping(Map.of("body", size.get())));
            } else {
                tally.note(at, inner, "bodies have a size", "limits: { body: … }");
            }
        }
        return edits;
    }

    Edits password(Directive line, List<String> words) {
        Map<String, Value> users = new LinkedHashMap<>();
        String why = words.isEmpty() || words.get(0).equals("bcrypt") ? "" : "hashes are of bcrypt";
        for (Directive user : line.own()) {
            String hash = hash(user.word(1));
            if (!BCRYPT.matcher(hash).matches()
                    || user.name().indexOf(':') >= 0
                    || !user.name().chars().allMatch(c -> c >= 0x20 && c != 0x7f)) {
                why = "hashes are of bcrypt, at a cost from 4 to 14";
            }
            users.put(user.name(), Value.of(hash));
        }
        if (!why.isEmpty() || users.isEmpty()) {
            tally.closed(
                    at,
                    line,
                    why.isEmpty() ? "it names nobody" : why,
                    "auth: { users: … } in the place of deny, with hashes of htpasswd -B");
            line.all().skip(1).forEach(one -> tally.within(at, line, one));
            return Edits.NOBODY;
        }
        line.all().forEach(tally::carried);
        Map<String, Value> auth = new LinkedHashMap<>();
        String realm = words.size() > 1 ? words.get(1) : "";
        if (!realm.isEmpty() && realm.chars().allMatch(c -> c >= 0x20 && c < 0x7f && c != '"' && c != '\\')) {
            auth.put("realm", Value.of(realm));
        }
        auth.put("users", Value.entries(users));
        return Edits.saying("auth", Value.entries(auth));
    }

    /** Once they stood there in Base64. */
    private static String hash(String text) {
        if (text.startsWith("$")) {
            return text;
        }
        try {
            return new String(Base64.getDecoder().decode(text), StandardCharsets.ISO_8859_1);
        } catch (IllegalArgumentException e) {
            return text.toLowerCase(Locale.ROOT);
        }
    }
}
