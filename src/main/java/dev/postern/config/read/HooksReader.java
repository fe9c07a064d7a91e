package dev.postern.config.read;

import dev.postern.config.Configuration.Hooks;
import dev.postern.config.Durations;
import dev.postern.config.Secret;
import java.util.List;

/** Reads {@code hooks}. */
final class HooksReader {
    static final List<String> KEYS = List.of("on-renewed", "on-failure", "on-overdue", "timeout");

    private HooksReader() {}

    static Hooks read(Section hooks) {
        return new Hooks(
                command(hooks, "on-renewed"),
                command(hooks, "on-failure"),
                command(hooks, "on-overdue"),
                hooks.get("timeout", Durations.POSITIVE, Hooks.NONE.timeout()));
    }

    private static List<Secret> command(Section hooks, String key) {
        return hooks.has(key) ? Commands.read(hooks.place(key)) : List.of();
    }
}
