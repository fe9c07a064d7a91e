package dev.postern.cli;

import java.io.Console;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who can be asked: a person at a terminal, or nobody. */
final class Terminal {
    /** Characters in a line where nobody says. */
    private static final int USUAL = 80;

    private static final int LEAST = 40;

    private Terminal() {}

    /** Null where nobody can be asked. */
    // Before JDK 22 it is null; after it isTerminal is there to be asked.
    @SuppressWarnings("SystemConsoleNull")
    static @Nullable Console console() {
        Console console = System.console();
        return console != null && isTerminal(console) ? console : null;
    }

    // From JDK 22 on there is a console without a terminal, too, and a method that tells.
    private static boolean isTerminal(Console console) {
        try {
            return Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console));
        } catch (NoSuchMethodException e) {
            return true;
        } catch (IllegalAccessException | InvocationTargetException e) {
            return false;
        }
    }

    /** Characters in a line of the terminal that standard output is; as many as there may be where it is none. */
    static int width(Map<String, String> environment) {
        if (console() == null) {
            return Integer.MAX_VALUE;
        }
        String told = environment.get("COLUMNS");
        try {
            return Math.max(LEAST, Integer.parseInt(told == null ? askedFor() : told));
        } catch (NumberFormatException e) {
            return USUAL;
        }
    }

    /** What the terminal says of itself; empty where it does not. */
    private static String askedFor() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String size = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            return size.substring(size.indexOf(' ') + 1);
        } catch (IOException e) {
            return "";
        }
    }

    /** Only {@code yes} is a yes. */
    static boolean confirms(Console console, String question) {
        String answer = console.readLine("%s [yes/no] ", question);
        return answer != null && answer.strip().equals("yes");
    }
}
