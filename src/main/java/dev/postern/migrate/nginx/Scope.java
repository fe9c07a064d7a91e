package dev.postern.migrate.nginx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A block, and those around it: what it does not say itself holds as they say it. */
record Scope(@Nullable Scope outer, Directive block) {
    /** All of this name at the nearest level that has one: a level that says it says all of it. */
    List<Directive> all(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            List<Directive> here = scope.block.own(name).toList();
            if (!here.isEmpty()) {
                return here;
            }
        }
        return List.of();
    }

    Optional<Directive> one(String name) {
        return all(name).stream().findFirst();
    }

    /** The same of several names that are of one kind, such as {@code allow} and {@code deny}, in their order. */
    List<Directive> all(List<String> names) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            List<Directive> here = scope.block.own().stream()
                    .filter(one -> names.contains(one.name()))
                    .toList();
            if (!here.isEmpty()) {
                return here;
            }
        }
        return List.of();
    }

    /** From the inmost one on. */
    List<Directive> blocks() {
        List<Directive> blocks = new ArrayList<>();
        for (Scope scope = this; scope != null; scope = scope.outer) {
            blocks.add(scope.block);
        }
        return blocks;
    }

    boolean isOn(String name) {
        return one(name).map(one -> one.word(1).equals("on")).orElse(false);
    }

    Scope in(Directive inner) {
        return new Scope(this, inner);
    }
}
