package dev.postern.cli;

import java.io.Console;
import java.lang.reflect.InvocationTargetException;
import org.jspecify.annotations.Nullable;

/** Who can be asked: a person at a terminal, or nobody. */
final class Terminal {
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

    /** Only {@code yes} is a yes. */
    static boolean confirms(Console console, String question) {
        String answer = console.readLine("%s [yes/no] ", question);
        return answer != null && answer.strip().equals("yes");
    }
}
