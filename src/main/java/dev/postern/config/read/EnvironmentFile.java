package dev.postern.config.read;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Variables as a service has them, for commands that are not the service: lines of {@code NAME=VALUE} as
 * {@code EnvironmentFile=} of systemd.exec(5) takes them, also with {@code export} before them, so that a shell can read the
 * same file. A value between single quotes is what it is; elsewhere a backslash takes the meaning off what follows. What would
 * go on in the next line is refused.
 */
final class EnvironmentFile {
    private static final Pattern LINE = Pattern.compile("(?:export\\s+)?([A-Za-z_][A-Za-z0-9_]*)=\\s*(.*)");

    /** In no line. */
    private static final char NO_QUOTE = '\n';

    private EnvironmentFile() {}

    /** @throws ConfigurationProblems with everything that is wrong, and never with what may be a secret */
    static Map<String, String> read(Path file) throws ConfigurationProblems {
        String name = file.toString();
        Map<String, String> variables = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        List<String> lines = FileText.of(name, file).lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#") || line.startsWith(";")) {
                continue;
            }
            Matcher entry = LINE.matcher(line);
            String value = entry.matches() ? value(entry.group(2)) : null;
            if (value == null) {
                problems.add(
                        name + ":" + (i + 1)
                                + ": is no variable (expected: NAME=VALUE in one line, quotes that end, or a # before a comment)");
            } else {
                variables.put(entry.group(1), value);
            }
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationProblems(name, problems);
        }
        return variables;
    }

    /** Null where it is none. Not by a regular expression: on a long value its stack would overflow. */
    private static @Nullable String value(String written) {
        char quote = written.startsWith("'") || written.startsWith("\"") ? written.charAt(0) : NO_QUOTE;
        StringBuilder value = new StringBuilder(written.length());
        for (int at = quote == NO_QUOTE ? 0 : 1; at < written.length(); at++) {
            char next = written.charAt(at);
            if (next == quote) {
                return at == written.length() - 1 ? value.toString() : null;
            }
            if (next == '\\' && quote != '\'') {
                if (++at == written.length()) {
                    return null;
                }
                next = written.charAt(at);
                // A shell, and systemd, take a backslash between double quotes for one unless it is before one of
                // these.
                if (quote == '"' && "\"\\`$".indexOf(next) < 0) {
                    value.append('\\');
                }
            }
            value.append(next);
        }
        return quote == NO_QUOTE ? value.toString() : null;
    }
}
