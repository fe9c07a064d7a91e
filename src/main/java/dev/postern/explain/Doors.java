package dev.postern.explain;

import dev.postern.config.BindAddress;
import dev.postern.config.Configuration;
import dev.postern.http.exchange.Routing;
import dev.postern.route.SiteRoutes;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The listeners of HTTP, and which of them a request comes in by. */
final class Doors {
    private final Configuration config;
    private final Routing routing;
    private final Question question;

    Doors(Configuration config, Routing routing, Question question) {
        this.config = config;
        this.routing = routing;
        this.question = question;
    }

    private record Door(String name, boolean isTls, List<BindAddress> bind) {
        boolean isAt(int port) {
            return bind.stream().anyMatch(address -> address.port() == port);
        }

        @Override
        public String toString() {
            return name + " (" + bind.stream().map(BindAddress::toString).collect(Collectors.joining(", ")) + ")";
        }
    }

    private List<Door> doors() {
        return Stream.concat(
                        config.listeners().allHttps().stream().map(https -> new Door(https.name(), true, https.bind())),
                        config.listeners().allHttp().stream().map(http -> new Door(http.name(), false, http.bind())))
                .filter(door -> door.isTls == question.isTls())
                .toList();
    }

    /** Which one it is, by name; null where there is none. Says so. */
    @Nullable String listener(Lines lines) {
        List<Door> doors = doors();
        Door chosen = doors.stream()
                .filter(door -> question.listener().isEmpty()
                        ? door.isAt(question.port())
                        : door.name.equals(question.listener()))
                .findFirst()
                .orElse(null);
        String because = question.listener().isEmpty() ? "listens on port " + question.port() : "as asked";
        if (chosen == null && question.listener().isEmpty() && question.hasStandardPort()) {
            chosen = doors.stream().filter(this::serves).findFirst().orElse(doors.get(0));
            because = "nothing listens on port " + question.port() + ": taken to be led there";
        }
        if (chosen == null) {
            String asked = question.listener().isEmpty()
                    ? "no listener for " + (question.isTls() ? "TLS" : "plaintext") + " on port " + question.port()
                    : "no listener for " + (question.isTls() ? "TLS" : "plaintext") + " is called "
                            + question.listener();
            lines.say(
                    "listener",
                    asked + " (there are: " + doors.stream().map(Door::toString).collect(Collectors.joining(", "))
                            + "): cannot connect");
            return null;
        }
        lines.say("listener", chosen + ": " + because);
        for (Door other : doors) {
            if (!other.equals(chosen)) {
                lines.say("listener", "  not " + other + (serves(other) ? "" : ", which does not serve the site"));
            }
        }
        return chosen.name;
    }

    /** Whether the site that has the name is there: not one that stands in for it. */
    private boolean serves(Door door) {
        SiteRoutes its = routing.routes().site(question.host());
        SiteRoutes there = routing.entrance(door.name).routes().site(question.host());
        return its != null && there != null && there.site().equals(its.site());
    }
}
