package dev.postern.migrate.nginx;

import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A {@code server} of {@code http}.
 *
 * @param names that a site may have
 * @param at where its notes belong, and
 * @param more where sites of it are written beside the first one
 */
record Server(Scope scope, List<Listen> listens, List<String> names, Mapping at, List<Mapping> more) {
    static Server of(Scope scope, Tally tally, Mapping sites) {
        Mapping at = sites.item("sites");
        Directive block = scope.block();
        List<Listen> listens = new ArrayList<>();
        boolean isSecure = scope.isOn("ssl");
        block.own("listen").forEach(line -> {
            Listen.of(line, isSecure)
                    .ifPresentOrElse(
                            listens::add,
                            () -> tally.note(
                                    at,
                                    line,
                                    "sites are listened for at addresses and ports",
                                    "bind of listeners: http or https"));
        });
        if (!block.has("listen")) {
            listens.add(new Listen(block, "", 80, isSecure, false, false));
        }
        List<String> names = new ArrayList<>();
        block.own("server_name").forEach(line -> names(line, names, tally, at));
        List<Mapping> more = new ArrayList<>();
        Rewriting.hosts(block).forEach(host -> more.add(sites.item("sites")));
        return new Server(scope, listens, names, at, more);
    }

    private static void names(Directive line, List<String> names, Tally tally, Mapping at) {
        List<String> left = new ArrayList<>();
        boolean isWide = false;
        for (String word : line.arguments()) {
            String lower = word.toLowerCase(Locale.ROOT);
            if (lower.isEmpty() || lower.equals("_")) {
                continue;
            }
            List<String> all = lower.startsWith(".") ? List.of(lower.substring(1), "*" + lower) : List.of(lower);
            isWide |= lower.startsWith(".") || lower.startsWith("*.");
            for (String one : all) {
                try {
                    String name = HostName.SITE.parse(one);
                    if (!names.contains(name)) {
                        names.add(name);
                    }
                } catch (NotUnderstood e) {
                    left.add(word);
                }
            }
        }
        if (!left.isEmpty()) {
            tally.note(
                    at,
                    line,
                    "sites have names, or *.example.com, and no such patterns: " + String.join(", ", left),
                    "names of the site, each by itself");
        } else if (isWide) {
            tally.note(at, line, "*. stands for one label here, not for several", "names of the site");
        }
        if (left.size() < line.arguments().size() || left.isEmpty()) {
            tally.carried(line);
        }
    }

    /** As nginx names it. */
    String name() {
        return names.isEmpty() ? "" : names.get(0);
    }

    /** Whether it is for hosts that no site can name, and not for all that nobody else is for. */
    boolean isOfPatterns() {
        return names.isEmpty()
                && scope.block()
                        .own("server_name")
                        .flatMap(line -> line.arguments().stream())
                        .anyMatch(word -> !word.isEmpty() && !word.equals("_"));
    }

    List<Listen> listens(boolean isTls) {
        return listens.stream().filter(listen -> listen.isTls() == isTls).toList();
    }
}
