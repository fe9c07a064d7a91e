package dev.postern.config.read;

import dev.postern.config.BackendName;
import dev.postern.config.Configuration.Backend;
import dev.postern.config.Durations;
import dev.postern.config.ForwardAuth;
import dev.postern.config.HeaderEdits;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads {@code forward-auth}. */
final class ForwardAuthReader {
    private static final List<String> KEYS = List.of("to", "path", "copy-headers", "timeout", "cache");

    /** Whoever waits for a page waits for this as well. */
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(1);
    /** Whoever was let in may have been shut out since. */
    private static final Duration LONGEST_CACHE = Duration.ofMinutes(5);

    private ForwardAuthReader() {}

    /** @param inherited what stands where nothing is said; {@code off} says that nobody is asked */
    static @Nullable ForwardAuth read(Section at, Map<String, Backend> backends, @Nullable ForwardAuth inherited) {
        Value value = at.find("forward-auth");
        if (value == null) {
            return inherited;
        }
        if (value.isText("off")) {
            return null;
        }
        Section section = Section.orOff(value, KEYS);
        Value to = section.require("to", "the name of a backend");
        String backend = to == null ? null : backend(to, backends);
        String path = section.require("path", UriText.PATH_AND_QUERY);
        List<String> headers = headers(section.find("copy-headers"));
        Duration timeout = within(section, "timeout", Durations.POSITIVE, TIMEOUT, LONGEST_TIMEOUT);
        Duration cache = within(section, "cache", Durations.POSITIVE_OR_ZERO, Duration.ZERO, LONGEST_CACHE);
        return backend == null || path == null ? inherited : new ForwardAuth(backend, path, headers, timeout, cache);
    }

    private static @Nullable String backend(Value to, Map<String, Backend> backends) {
        String text = to.text("the name of a backend");
        if (text != null && BackendName.of(text).isTemplate()) {
            to.problem(to.quoted(text) + " depends on the host (expected: the name of one backend)");
            return null;
        }
        return BackendsReader.named(to, backends, List.of());
    }

    private static Duration within(
            Section section, String key, Scalar<Duration> kind, Duration otherwise, Duration most) {
        Duration read = section.get(key, kind, otherwise);
        if (read.compareTo(most) > 0) {
            section.place(key)
                    .problem(Durations.text(read) + " is too long (expected: at most " + Durations.text(most) + ")");
        }
        return read;
    }

    private static List<String> headers(@Nullable Value value) {
        List<String> headers = new ArrayList<>();
        if (value != null) {
            for (Value item : value.itemsOrOne("a list of header names such as [Remote-User, Remote-Groups]")) {
                String name = item.text("the name of a header");
                if (name == null) {
                    continue;
                }
                String lower = FieldText.name(item, name, FieldText.Use.REQUEST);
                if (headers.contains(lower)) {
                    item.problem(Quoted.of(name) + " is there already (expected: every header once)");
                } else if (lower.equals("set-cookie")) {
                    item.problem(
                            "cookies of an answer are for the client, who gets them anyway (expected: another header)");
                } else {
                    headers.add(lower);
                }
            }
        }
        return List.copyOf(headers);
    }

    /** Nobody but the server that is asked may say what it says. */
    static void requireNobodyElse(Section at, @Nullable ForwardAuth auth, HeaderEdits edits) {
        if (auth == null || !(at.has("request-headers") || at.has("forward-auth"))) {
            return;
        }
        for (String lower : auth.copyHeaders()) {
            if (edits.concern(lower)) {
                at.place("request-headers")
                        .problem("has " + lower + ", which forward-auth says (expected: one of the two)");
            }
        }
    }
}
