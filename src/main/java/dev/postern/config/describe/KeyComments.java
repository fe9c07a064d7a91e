package dev.postern.config.describe;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What config/postern.yaml says of its keys: the comment above a key or behind it, and the lines for keys inside of it that a
 * comment has ({@code #   name   text}, and what is indented more).
 */
final class KeyComments {
    private static final Pattern KEY = Pattern.compile("( *)#?(- )?([a-z0-9-]+):(?: [^#]*)?(?: # *(.*))?");
    private static final Pattern COMMENT = Pattern.compile(" *#(?: (.*))?");

    private final Map<String, KeyComments> keys = new LinkedHashMap<>();
    private @Nullable KeyComments item;
    private final List<String> lines = new ArrayList<>();

    private record Level(int indent, KeyComments at) {}

    private KeyComments() {}

    /** Those of the file as it is shipped; operators change theirs. */
    static KeyComments shipped() {
        try (InputStream file = KeyComments.class.getResourceAsStream("/config/postern.yaml")) {
            if (file == null) {
                throw new IllegalStateException("config/postern.yaml is not among the classes");
            }
            return of(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static KeyComments of(String text) {
        KeyComments root = new KeyComments();
        Deque<Level> around = new ArrayDeque<>(List.of(new Level(-1, root)));
        List<String> above = new ArrayList<>();
        for (String line : text.lines().toList()) {
            Matcher comment = COMMENT.matcher(line);
            Matcher key = KEY.matcher(line);
            if (comment.matches()) {
                above.add(comment.group(1) == null ? "" : comment.group(1));
            } else if (key.matches()) {
                root.key(key, around).lines.addAll(above);
                if (key.group(4) != null) {
                    around.getFirst().at().lines.add(key.group(4));
                }
                above.clear();
            } else if (line.matches(" {20,}# .*")) {
                around.getFirst().at().lines.add(line.strip().substring(2));
            } else {
                above.clear();
            }
        }
        return root;
    }

    private KeyComments key(Matcher key, Deque<Level> around) {
        int indent = key.group(1).length() + (key.group(2) == null ? 0 : 2);
        while (around.getFirst().indent() >= indent) {
            around.removeFirst();
        }
        KeyComments outer = around.getFirst().at();
        if (key.group(2) != null) {
            outer.item = outer.item == null ? new KeyComments() : outer.item;
            around.addFirst(new Level(indent - 1, outer.item));
            outer = outer.item;
        }
        KeyComments one = outer.keys.computeIfAbsent(key.group(3), unused -> new KeyComments());
        around.addFirst(new Level(indent, one));
        return one;
    }

    /** Null where the file has none of this name. */
    @Nullable KeyComments inside(String key) {
        return keys.get(key);
    }

    /** Of the first key that is none of {@code known}: names are the operator's. */
    @Nullable KeyComments named(Iterable<String> known) {
        List<String> names = new ArrayList<>(keys.keySet());
        known.forEach(names::remove);
        return names.isEmpty() ? null : keys.get(names.get(0));
    }

    @Nullable KeyComments item() {
        return item;
    }

    /** All of the comment; empty for none. */
    String text() {
        return String.join("\n", lines).strip();
    }

    /** What the comment has for a key inside; empty for nothing. */
    String line(String key) {
        Pattern start = Pattern.compile("( {2,4})(?:[a-z-]+, )*" + Pattern.quote(key) + "(?:, [a-z-]+)*( +)([^ ].*)");
        StringBuilder text = new StringBuilder();
        int indent = -1;
        for (String line : lines) {
            if (indent >= 0) {
                if (!line.startsWith(" ".repeat(indent + 2))) {
                    break;
                }
                text.append('\n').append(line.strip());
            } else {
                Matcher matcher = start.matcher(line);
                if (matcher.matches()) {
                    indent = matcher.group(1).length();
                    text.append(matcher.group(3));
                }
            }
        }
        return text.toString();
    }
}
