package dev.postern.migrate;

import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** What became of each line. Whatever nobody has spoken for by the end is told by {@link #sweep}: nothing is dropped. */
public final class Tally {
    private final String file;
    private final Set<Line> carried = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Line> noted = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Line> guards = Collections.newSetFromMap(new IdentityHashMap<>());
    private int notes;

    /** @param file the one that is imported */
    public Tally(Path file) {
        Path name = file.getFileName();
        this.file = name == null ? file.toString() : name.toString();
    }

    public void carried(Line line) {
        carried.add(line);
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

    private String where(Line line) {
        return (line.file().isEmpty() ? file : line.file()) + ":" + line.line();
    }

    /** @param text of the configuration that was written */
    public Imported imported(String text) {
        List<String> lines = carried.stream().map(this::where).sorted().toList();
        return new Imported(text, notes, guards.size(), lines);
    }
}
