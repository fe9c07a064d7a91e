package dev.postern.explain;

import java.util.ArrayList;
import java.util.List;

/** Lines of a text, each of which begins with what it is about. */
final class Lines {
    private static final int SUBJECT = 13;

    private final List<String> all = new ArrayList<>();
    private String last = "";

    /** @param subject is not said again where the line before was about the same */
    void say(String subject, String text) {
        String first = subject.equals(last) ? "" : subject;
        all.add((first + " ".repeat(Math.max(1, SUBJECT - first.length())) + text).stripTrailing());
        last = subject;
    }

    List<String> all() {
        return List.copyOf(all);
    }
}
