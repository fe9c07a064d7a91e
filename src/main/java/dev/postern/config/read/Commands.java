package dev.postern.config.read;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.Secret;
import java.util.ArrayList;
import java.util.List;

/** Commands: a program and its arguments, each an item of a list; no shell takes part. */
final class Commands {
    private static final String EXPECTED =
            "a list of a program and its arguments, such as [/usr/local/bin/reload, nginx]";
    private static final Scalar<Secret> PROGRAM = Scalar.secret(FilePath.PROGRAM);
    private static final Scalar<Secret> ARGUMENT = Scalar.secret(new Scalar<>("an argument", text -> {
        if (text.indexOf('\0') >= 0) {
            throw new NotUnderstood("has a NUL, which no program can be given");
        }
        return text;
    }));

    private Commands() {}

    /** Secret, for programs are given passwords on their command lines. Empty where it is not understood, which is a problem then. */
    static List<Secret> read(Value value) {
        List<Secret> command = new ArrayList<>();
        List<Value> items = value.items(EXPECTED);
        for (Value item : items) {
            Secret text = item.read(command.isEmpty() ? PROGRAM : ARGUMENT);
            if (text == null) {
                return List.of();
            }
            command.add(text);
        }
        return List.copyOf(command);
    }
}
