package dev.postern.migrate;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** What became of each line. Whatever nobody has spoken for by the end is told by {@link #sweep}: nothing is dropped. */
public final class Tally {
    private final String file;
    private final Set<Line> carried = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Line> noted = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Line> guards = Collections.newSetFromMap(new IdentityHashMap<>());
    private final IdentityHashMap<Line, Set<String>> itself = new IdentityHashMap<>();
    private int notes;

    /** @param file the one that is imported */
    public Tally(Path file) {
        Path name = file.getFileName();
        this.file = name == null ? file.toString() : name.toString();
    }

    public void carried(Line line) {
        carried.add(line);
    }

    /**
     * What Postern does anyway, or has no use for: there is nothing to do, and it is said all the same.
     *
     * @param words of the line
     */
    public void itself(Line line, String words) {
        carried.add(line);
        itself.computeIfAbsent(line, key -> new LinkedHashSet<>()).add(words);
    }

    /** The same of the whole line. */
    public void itself(Line line) {
        itself(line, line.text());
    }

    /** One line for each of them. */
    public List<String> itself() {
        return itself.entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<Line, Set<String>> entry) ->
                                entry.getKey().file())
                        .thenComparingInt(entry -> entry.getKey().line()))
                .map(entry -> where(entry.getKey()) + ": "
                        + (entry.getValue().contains(entry.getKey().text()) ? "" : "… ")
                        + String.join(", ", entry.getValue()))
                .toList();
    }

    /** Once is enough, of each line and reason: the same line may be asked about for several sites. */
    public void note(Mapping at, Line line, String why, String then) {
        if (noted.add(line)) {
            notes++;
            at.note(new Note(where(line), line.text(), why, then));
        }
    }

    /** One that kept somebody out, who is let in now. */
    public void guard(Mapping at, Line line, String why, String then) {
        told(at, line, "NOT KEPT OUT HERE: " + why, then);
    }

    /** One that let some in, where nobody gets in now: what it asks for cannot be asked here. */
    public void closed(Mapping at, Line line, String why, String then) {
        told(at, line, "NOBODY GETS IN HERE: " + why, then);
    }

    /** Who is let in is told whatever else was said of the line. */
    private void told(Mapping at, Line line, String why, String then) {
        if (guards.add(line)) {
            noted.add(line);
            notes++;
            at.note(new Note(where(line), line.text(), why, then));
        }
    }

    /** What goes with another line that is not carried over: told by that one's note where it stands on the same line. */
    public void within(Mapping at, Line outer, Line inner) {
        if (!isOpen(inner)) {
            return;
        }
        if (inner.line() == outer.line() && inner.file().equals(outer.file())) {
            noted.add(inner);
        } else {
            note(at, inner, "it goes with line " + outer.line() + ", which is not carried over", "");
        }
    }

    public boolean isOpen(Line line) {
        return !carried.contains(line) && !noted.contains(line);
    }

    public <L extends Line> void sweep(Mapping at, Iterable<L> lines, Function<L, Reason> reasons) {
        for (L line : lines) {
            if (isOpen(line)) {
                Reason reason = reasons.apply(line);
                if (reason.isGuard()) {
                    guard(at, line, reason.why(), reason.then());
                } else {
                    note(at, line, reason.why(), reason.then());
                }
            }
        }
    }

    /** File and line. */
    public String where(Line line) {
        return (line.file().isEmpty() ? file : line.file()) + ":" + line.line();
    }

    /**
     * @param text of the configuration that was written
     * @param files that it was read from
     */
    public Imported imported(String text, Set<Path> files) {
        List<String> lines = carried.stream().map(this::where).sorted().toList();
        return new Imported(text, notes, guards.size(), lines, files);
    }
}
