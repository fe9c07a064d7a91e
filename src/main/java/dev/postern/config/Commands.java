package dev.postern.config;

import java.util.ArrayList;
import java.util.List;

/** Commands: a program and its arguments, each an item of a list; no shell takes part. */
final class Commands {
    private static final String EXPECTED =
            "a list of a program and its arguments, such as [/usr/local/bin/reload, nginx]";
    private static final Scalar<String> ARGUMENT = new Scalar<>("an argument", text -> {
        if (text.indexOf('\0') >= 0) {
            throw new NotUnderstood("has a NUL, which no program can be given");
        }
        return text;
    });

    private Commands() {}

    /** Empty where it is not understood, which is a problem then. */
    static List<String> read(Value value) {
        List<String> command = new ArrayList<>();
        List<Value> items = value.items(EXPECTED);
        for (Value item : items) {
            String text = item.read(command.isEmpty() ? FilePath.PROGRAM : ARGUMENT);
            if (text == null) {
                return List.of();
            }
            command.add(text);
        }
        return List.copyOf(command);
    }
}
