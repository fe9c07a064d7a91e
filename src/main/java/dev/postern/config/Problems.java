package dev.postern.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What is wrong, collected while reading goes on, so that one run shows every mistake. Used by one thread. */
final class Problems {
    /** @param line counted from 1; 0 where the problem has no line of its own */
    private record Problem(Origin origin, int line, String text) {}

    private final List<Problem> found = new ArrayList<>();

    /** @param path the place in the file, {@code sites[1].backend}; empty for the file as a whole */
    void add(Origin origin, int line, String path, String what) {
        found.add(new Problem(origin, line, path.isEmpty() ? what : path + ": " + what));
    }

    int count() {
        return found.size();
    }

    /** One line each, in the order of the file; two problems of one line in the order they were found. */
    List<String> lines() {
        return found.stream()
                .sorted(Comparator.comparingInt(Problem::line))
                .map(problem -> problem.origin().name() + (problem.line() == 0 ? "" : ":" + problem.line()) + ": "
                        + problem.text())
                .toList();
    }
}
