package dev.postern.migrate.caddy;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which servers are well: {@code health_…} and what else puts one out. */
final class Healths {
    private final Tally tally;
    private final Mapping at;

    Healths(Tally tally, Mapping at) {
        this.tally = tally;
        this.at = at;
    }

    void health(Directive line, Map<String, Value> health) {
        String word = line.word(1);
        boolean isCarried = true;
        switch (line.name()) {
            case "health_uri", "health_path" -> {
                isCarried = Paths.isGoodWithQuery(word);
                if (isCarried) {
                    health.put("path", Value.of(word));
                }
            }
            case "health_port" -> {
                isCarried = Numbers.isBetween(word, 1, 65_535);
                if (isCarried) {
                    health.put("port", Value.of(word));
                }
            }
            case "health_interval", "health_timeout" -> {
                Optional<String> time = Times.of(word);
                time.ifPresent(it -> health.put(line.name().substring("health_".length()), Value.of(it)));
                isCarried = time.isPresent();
            }
            case "health_status" -> {
                boolean isClass = word.matches("[2-5]xx");
                isCarried = isClass || Numbers.isBetween(word, 200, 599);
                if (isCarried) {
                    health.put("expect", Value.of(isClass ? word.charAt(0) + "00-" + word.charAt(0) + "99" : word));
                }
            }
            case "health_passes", "health_fails" -> {
                isCarried = Numbers.isBetween(word, 1, 100);
                if (isCarried) {
                    health.put(line.is("health_passes") ? "rise" : "fall", Value.of(word));
                }
            }
            case "health_method" -> {
                isCarried = Set.of("GET", "HEAD", "OPTIONS").contains(word);
                if (isCarried) {
                    health.put("method", Value.of(word));
                }
            }
            default -> isCarried = false;
        }
        if (isCarried) {
            tally.carried(line);
        } else {
            tally.note(at, line, "servers are not asked so", "health of the backend");
        }
        line.own().forEach(inner -> tally.within(at, line, inner));
    }

    void passive(Directive line, Map<String, Value> eject) {
        if (line.is("fail_duration")) {
            Times.of(line.word(1)).ifPresent(time -> {
                eject.put("time", Value.of(time));
                eject.put("longest", Value.of(time));
                tally.carried(line);
            });
        } else if (line.is("max_fails") && Numbers.isBetween(line.word(1), 1, 1000)) {
            eject.put("after", Value.of(line.word(1)));
            tally.carried(line);
        } else {
            List<String> on = new ArrayList<>(List.of("connect", "closed", "timeout"));
            line.arguments().stream()
                    .filter(word -> word.matches("[45][0-9]{2}"))
                    .forEach(on::add);
            if (line.is("unhealthy_status") && on.size() == line.arguments().size() + 3) {
                eject.put("on", Value.of(on));
                tally.carried(line);
            } else {
                tally.note(at, line, "failures are statuses from 400 to 599, each by itself", "eject of the backend");
            }
        }
    }
}
