package dev.postern.config.read;

import dev.postern.config.PlainText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** What is wrong, collected while reading goes on, so that one run shows every mistake. Used by one thread. */
final class Problems {
    /** @param line counted from 1; 0 where the problem has no line of its own */
    private record Problem(Origin origin, int line, String text) {}

    private final List<Problem> found = new ArrayList<>();
    private final @Nullable Witness witness;
    /** Parts that stand in another file than what is around them. */
    private final IdentityHashMap<Node, Origin> elsewhere = new IdentityHashMap<>();

    Problems(@Nullable Witness witness) {
        this.witness = witness;
    }

    /** Who hears how the file is read; null for nobody. */
    @Nullable Witness witness() {
        return witness;
    }

    /** {@code part}, and all in it, stands there. */
    void stands(Node part, Origin origin) {
        elsewhere.put(part, origin);
    }

    /** @param around where what is around it stands */
    Origin origin(Node part, Origin around) {
        return elsewhere.getOrDefault(part, around);
    }

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
                .map(problem -> oneLine(problem.origin().name() + (problem.line() == 0 ? "" : ":" + problem.line())
                        + ": " + problem.text()))
                .toList();
    }

    /** Files are called as whoever may put one into a folder likes; a line of the log is no place for that. */
    private static String oneLine(String text) {
        return PlainText.lines(text).replace("\n", "\\n");
    }
}
