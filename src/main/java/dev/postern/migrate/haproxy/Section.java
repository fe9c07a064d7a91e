package dev.postern.migrate.haproxy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A section and what is in it.
 *
 * @param kind its keyword
 * @param name empty where it has none
 * @param defaults what holds where it does not say otherwise
 */
record Section(
        String kind,
        String name,
        Statement head,
        List<Statement> own,
        @Nullable Section defaults) {
    boolean isProxy() {
        return kind.equals("frontend") || kind.equals("backend") || kind.equals("listen");
    }

    boolean hasServers() {
        return kind.equals("backend") || kind.equals("listen");
    }

    /** Whether it says {@code disabled}. */
    boolean isOff() {
        Optional<Statement> off = setting("disabled");
        Optional<Statement> on = ownSetting("enabled");
        return off.isPresent() && (on.isEmpty() || on.get().line() < off.get().line());
    }

    /** Whether clients come through somebody who names them. */
    boolean isBehindBalancers() {
        return all("bind").stream().anyMatch(bind -> bind.words().contains("accept-proxy"));
    }

    boolean isTcp() {
        return setting("mode").map(mode -> mode.word(1).equals("tcp")).orElse(true);
    }

    /** The last that begins so, here or in what holds by default. */
    Optional<Statement> setting(String... with) {
        Optional<Statement> mine = ownSetting(with);
        return mine.isPresent() || defaults == null ? mine : defaults.setting(with);
    }

    Optional<Statement> ownSetting(String... with) {
        return own.stream().filter(statement -> statement.begins(with)).reduce((first, last) -> last);
    }

    List<Statement> all(String... with) {
        List<Statement> all = new ArrayList<>();
        for (Statement statement : own) {
            if (statement.begins(with)) {
                all.add(statement);
            }
        }
        return all;
    }
}
