package dev.postern.migrate.haproxy;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The sections of a file, in their order. */
final class Sections {
    // A hundred times what large installations have.
    private static final int LARGEST_BYTES = 16 << 20;

    private static final Set<String> KINDS = Set.of(
            "global",
            "defaults",
            "frontend",
            "backend",
            "listen",
            "peers",
            "resolvers",
            "mailers",
            "userlist",
            "cache",
            "program",
            "http-errors",
            "ring",
            "log-forward",
            "log-profile",
            "fcgi-app",
            "crt-store",
            "traces",
            "acme");

    private final Path file;
    private final Map<String, String> environment;
    private final List<Section> sections = new ArrayList<>();
    private final Map<String, Section> defaults = new HashMap<>();
    private @Nullable Section current;
    private @Nullable Section lastDefaults;
    /** How many {@code .if} are open. */
    private int depth;

    private Sections(Path file, Map<String, String> environment) {
        this.file = file;
        this.environment = new HashMap<>(environment);
    }

    /** @throws IOException one line: it cannot be read, or HAProxy would not read it either */
    static List<Section> read(Path file, Map<String, String> environment) throws IOException {
        String text;
        try {
            text = RegularFile.text(file, LARGEST_BYTES);
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
        Sections sections = new Sections(file, environment);
        int line = 0;
        for (String one : text.split("\n", -1)) {
            sections.take(++line, one);
        }
        if (sections.sections.isEmpty()) {
            throw new IOException(file + ": has no section (expected: a configuration of HAProxy)");
        }
        return List.copyOf(sections.sections);
    }

    private void take(int number, String text) throws IOException {
        Words.Line line;
        try {
            line = Words.of(text, environment);
        } catch (NotUnderstood e) {
            throw new IOException(file + ":" + number + ": " + e.what() + " (expected: a configuration of HAProxy)", e);
        }
        if (line.words().isEmpty()) {
            return;
        }
        Statement statement = new Statement(number, text.strip(), line.words(), line.fromEnvironment());
        String word = statement.word(0);
        if (KINDS.contains(word) && depth == 0) {
            begin(word, statement);
            return;
        }
        boolean isCondition = word.startsWith(".");
        if (current == null && !isCondition) {
            throw new IOException(
                    file + ":" + number + ": " + Quoted.of(word)
                            + " stands in no section (expected: a configuration of HAProxy, which begins with one such as global)");
        }
        if (current == null) {
            begin("global", statement);
        }
        if (word.equals(".if")) {
            depth++;
        }
        if (current != null) {
            // What holds under a condition only is kept out of the way of all that looks for its words.
            current.own().add(depth > 0 || isCondition ? underCondition(statement) : statement);
        }
        if (word.equals(".endif") && depth > 0) {
            depth--;
        }
        setEnvironment(statement);
    }

    private static Statement underCondition(Statement statement) {
        List<String> words = new ArrayList<>(List.of(".if"));
        words.addAll(statement.words());
        return new Statement(statement.line(), statement.text(), List.copyOf(words), statement.isFromEnvironment());
    }

    private void setEnvironment(Statement statement) {
        if (statement.begins("setenv")) {
            environment.put(statement.word(1), statement.word(2));
        } else if (statement.begins("presetenv")) {
            environment.putIfAbsent(statement.word(1), statement.word(2));
        } else if (statement.begins("unsetenv")) {
            statement.after(1).forEach(environment::remove);
        }
    }

    private void begin(String kind, Statement head) {
        String from = head.valueOf("from");
        Section inherited = from.isEmpty() ? lastDefaults : defaults.get(from);
        boolean inherits =
                Set.of("frontend", "backend", "listen").contains(kind) || (kind.equals("defaults") && !from.isEmpty());
        String name = head.words().size() > 1 && !head.word(1).equals("from") ? head.word(1) : "";
        Section section = new Section(kind, name, head, new ArrayList<>(), inherits ? inherited : null);
        sections.add(section);
        current = section;
        if (kind.equals("defaults")) {
            lastDefaults = section;
            defaults.put(name, section);
        }
    }
}
