package dev.postern.migrate.haproxy;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Note;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** What became of each line. Whatever nobody has spoken for by the end is told by {@link #sweep}: nothing is dropped. */
final class Tally {
    private final String file;
    private final Set<Statement> carried = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Statement> noted = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Statement> guards = Collections.newSetFromMap(new IdentityHashMap<>());

    Tally(Path file) {
        Path name = file.getFileName();
        this.file = name == null ? file.toString() : name.toString();
    }

    void carried(Statement statement) {
        carried.add(statement);
    }

    /** Once is enough, of each line and reason: the same line may be asked about for several sites. */
    void note(Mapping at, Statement statement, String why, String then) {
        if (noted.add(statement)) {
            at.note(new Note(file + ":" + statement.line(), statement.text(), why, then));
        }
    }

    /** One that kept somebody out, who is let in now. */
    void guard(Mapping at, Statement statement, String why, String then) {
        guards.add(statement);
        note(at, statement, "NOT KEPT OUT HERE: " + why, then);
    }

    boolean isOpen(Statement statement) {
        return !carried.contains(statement) && !noted.contains(statement);
    }

    /** @param kind of the section that they are in */
    void sweep(Mapping at, String kind, Iterable<Statement> statements) {
        for (Statement statement : statements) {
            if (isOpen(statement)) {
                Reasons.Reason reason = Reasons.of(kind, statement);
                if (reason.isGuard()) {
                    guard(at, statement, reason.why(), reason.then());
                } else {
                    note(at, statement, reason.why(), reason.then());
                }
            }
        }
    }

    /** The lines that something came of, in order. */
    List<Integer> lines() {
        return carried.stream().map(Statement::line).sorted().toList();
    }

    int notes() {
        return noted.size();
    }

    int guards() {
        return guards.size();
    }
}
