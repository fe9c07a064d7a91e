package dev.postern.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;

/**
 * A command as {@code postern COMMAND} runs it, in this process: what it does, says and ends with is the same, and a JVM of
 * its own, which costs a second and a half of processor time, is not the subject of a test that asks a daemon for something.
 *
 * @param lines of both streams, as a terminal shows them
 */
public record CommandRun(int code, List<String> lines) {
    /** @param environment all of it: nothing of that of this process is seen */
    public static CommandRun of(Map<String, String> environment, String... words) {
        StringWriter terminal = new StringWriter();
        PrintWriter both = new PrintWriter(terminal, true);
        int code = Main.run(words, new Console(both, both), environment);
        return new CommandRun(code, terminal.toString().lines().toList());
    }
}
