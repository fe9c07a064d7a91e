package dev.postern.config.read;

import java.util.List;

/** Everything that is wrong with a configuration, in the order of the file; one line each. */
public final class ConfigurationProblems extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<String> lines;

    public ConfigurationProblems(String name, List<String> lines) {
        super(name + ": " + lines.size() + (lines.size() == 1 ? " problem" : " problems"));
        this.lines = List.copyOf(lines);
    }

    /** {@code file:line: path: what (expected: …)}. */
    public List<String> lines() {
        return lines;
    }
}
