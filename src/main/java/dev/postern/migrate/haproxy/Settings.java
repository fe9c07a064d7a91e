package dev.postern.migrate.haproxy;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What holds for the whole process, and what Postern does by itself. */
final class Settings {
    private static final Set<String> BY_ITSELF = Set.of(
            "dontlognull",
            "redispatch",
            "http-keep-alive",
            "tcp-smart-accept",
            "tcp-smart-connect",
            "log-health-checks");
    private static final Set<String> LOGS = Set.of("httplog", "tcplog", "httpslog");

    private Settings() {}

    static void write(List<Section> sections, Tally tally, Mapping root) {
        boolean isLogged = false;
        for (Section section : sections) {
            if (section.kind().equals("global") || section.kind().equals("defaults")) {
                tally.carried(section.head());
            }
            for (Statement line : section.own()) {
                if (line.begins("mode")
                        && (line.word(1).equals("http") || line.word(1).equals("tcp"))) {
                    tally.carried(line);
                } else if (line.begins("option") && BY_ITSELF.contains(line.word(1))) {
                    tally.itself(line);
                } else if (line.begins("option", "forwardfor") && line.words().size() == 2) {
                    tally.itself(line);
                } else if (line.begins("option") && LOGS.contains(line.word(1))) {
                    isLogged = true;
                    tally.carried(line);
                } else if (line.begins("log", "global") || line.begins("enabled")) {
                    tally.itself(line);
                }
            }
            if (section.kind().equals("global")) {
                global(section, tally, root);
            }
        }
        if (isLogged) {
            root.put("access-log", Map.of("to", "stdout"));
        }
    }

    private static void global(Section global, Tally tally, Mapping root) {
        global.ownSetting("maxconn")
                .filter(line -> Numbers.isBetween(line.word(1), 1, 1_000_000))
                .ifPresent(line -> {
                    root.section("limits").put("connections", line.word(1));
                    tally.carried(line);
                });
        global.ownSetting("ssl-default-bind-options").ifPresent(line -> {
            String version = line.valueOf("ssl-min-ver");
            List<String> others = new ArrayList<>(line.after(1));
            if (version.equals("TLSv1.2") || version.equals("TLSv1.3")) {
                root.section("tls").put("min-version", version);
                tally.carried(line);
                others.removeAll(List.of("ssl-min-ver", version));
            }
            List<String> old = others.stream().filter(Settings::isOld).toList();
            others.removeAll(old);
            if (!old.isEmpty()) {
                tally.itself(line, String.join(" ", old));
            }
            if (!others.isEmpty()) {
                tally.note(
                        root.section("tls"),
                        line,
                        "not carried over of it: " + String.join(" ", others),
                        "see tls: profile, min-version");
            }
        });
        global.ownSetting("hard-stop-after")
                .flatMap(line -> Times.limited(line.word(1)))
                .ifPresent(time -> {
                    root.put("grace", time);
                    global.ownSetting("hard-stop-after").ifPresent(tally::carried);
                });
    }

    /** Whether it switches off what Postern never had. */
    static boolean isOld(String option) {
        return Set.of("no-sslv3", "no-tlsv10", "no-tlsv11").contains(option);
    }
}
