package dev.postern.migrate;

import java.util.HashSet;
import java.util.Set;

/** Names of backends or services made of what the other program calls them: each is good, and there once. Mutable. */
public final class Names {
    private static final int LONGEST = 60;

    private final String marks;
    private final Set<String> taken = new HashSet<>();

    /** @param marks what a name may have beside letters and digits, but for its first character */
    public Names(String marks) {
        this.marks = marks;
    }

    public String of(String given) {
        StringBuilder name = new StringBuilder();
        given.chars().limit(LONGEST).forEach(c -> name.append(isPlain(c) || marks.indexOf(c) >= 0 ? (char) c : '_'));
        if (name.length() == 0 || !Character.isLetterOrDigit(name.charAt(0))) {
            name.insert(0, 'b');
        }
        String base = name.toString();
        String unique = base;
        for (int i = 2; !taken.add(unique); i++) {
            unique = base + "_" + i;
        }
        return unique;
    }

    private static boolean isPlain(int c) {
        return c < 0x80 && Character.isLetterOrDigit(c);
    }
}
