package dev.postern.config;

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

    private static final Pattern PLAIN = Pattern.compile("(?:[^\\\\]|\\\\.)*");
    private static final Pattern SINGLE = Pattern.compile("'([^']*)'");
    private static final Pattern DOUBLE = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");

    private EnvironmentFile() {}

    /** @throws ConfigurationProblems with everything that is wrong, and never with what may be a secret */
    static Map<String, String> read(Path file) throws ConfigurationProblems {
        String name = file.toString();
        Map<String, String> variables = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        List<String> lines = ConfigurationFile.text(name, file).lines().toList();
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

    /** Null where it is none. */
    private static @Nullable String value(String written) {
        if (written.startsWith("'")) {
            Matcher single = SINGLE.matcher(written);
            return single.matches() ? single.group(1) : null;
        }
        if (written.startsWith("\"")) {
            Matcher quoted = DOUBLE.matcher(written);
            // A shell, and systemd, take a backslash there for one unless it is before one of these.
            return quoted.matches() ? quoted.group(1).replaceAll("\\\\([\"\\\\`$])", "$1") : null;
        }
        return PLAIN.matcher(written).matches() ? written.replaceAll("\\\\(.)", "$1") : null;
    }
}
