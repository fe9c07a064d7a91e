package dev.postern.app;

import dev.postern.config.Configuration;
import dev.postern.config.Listeners.Admin;
import dev.postern.config.Quoted;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Passwords that are as good as known to whoever reads the file that they are kept in. */
public final class WeakHashes {
    /** As many names as a line has room for. */
    private static final int SHOWN = 5;

    private WeakHashes() {}

    /** A line about the admin listener and each site with passwords that are quickly found by whoever gets at their hashes. */
    public static List<String> lines(Configuration config) {
        List<String> lines = new ArrayList<>();
        for (var site : config.sites()) {
            List<String> users = Stream.concat(
                            Stream.of(site.settings()), site.routes().stream().map(Configuration.Route::settings))
                    .flatMap(settings -> settings.auth() == null ? Stream.empty() : settings.auth().weak().stream())
                    .distinct()
                    .toList();
            add("site " + site.name() + ": auth", users, lines);
        }
        Admin admin = config.listeners().admin();
        if (admin != null && admin.users() != null) {
            add("listeners.admin.users-file", admin.users().weak(), lines);
        }
        return lines;
    }

    private static void add(String where, List<String> users, List<String> lines) {
        if (!users.isEmpty()) {
            lines.add(where + ": " + shown(users)
                    + ": the hash ($apr1$, {SHA}) is quickly turned back into the password by whoever reads it"
                    + " (expected: what htpasswd -B makes)");
        }
    }

    private static String shown(List<String> users) {
        String shown = users.stream().limit(SHOWN).map(Quoted::of).collect(Collectors.joining(", "));
        return users.size() > SHOWN ? shown + " and " + (users.size() - SHOWN) + " more" : shown;
    }
}
