package dev.postern.migrate.caddy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Directives that are asked, and those behind them. */
record Chain(List<Directive> directives, @Nullable Chain next) {
    Chain rest() {
        return new Chain(directives.subList(1, directives.size()), next);
    }
}
