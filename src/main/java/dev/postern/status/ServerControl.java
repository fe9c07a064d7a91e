package dev.postern.status;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.backend.ServerOverride.Mode;
import dev.postern.backend.ServerOverride.Said;
import dev.postern.balance.LoadBalancer;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The command {@code server}: what an operator says of a server at run time. All others are left to those who know them.
 *
 * <p>{@code action} is one of {@code drain}, {@code ready}, {@code maintain} and {@code weight}; {@code server} is {@code
 * BACKEND/SERVER}; {@code until} is an instant, or absent.
 */
public final class ServerControl implements ControlCommands {
    private static final int LARGEST_WEIGHT = 256;

    private final Supplier<Map<String, LoadBalancer>> backends;
    private final InstantSource clock;
    private final ControlCommands others;

    public ServerControl(Supplier<Map<String, LoadBalancer>> backends, InstantSource clock, ControlCommands others) {
        this.backends = backends;
        this.clock = clock;
        this.others = others;
    }

    @Override
    public JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure, InterruptedException {
        return ControlRequest.text(request, "command", "").equals("server")
                ? server(request)
                : others.run(request, progress);
    }

    private JsonObject server(JsonObject request) throws ControlFailure {
        String name = ControlRequest.text(request, "server", "");
        int slash = name.indexOf('/');
        if (slash < 0) {
            throw ControlFailure.usage("\"" + name + "\" is no server (expected: BACKEND/SERVER)");
        }
        LoadBalancer balancer = backends.get().get(name.substring(0, slash));
        if (balancer == null) {
            throw ControlFailure.usage("\"" + name.substring(0, slash) + "\" is no backend (known: "
                    + String.join(", ", new TreeSet<>(backends.get().keySet())) + ")");
        }
        Backend backend = balancer.backend();
        List<Server> named = backend.servers().stream()
                .filter(server -> server.isCalled(name.substring(slash + 1)))
                .toList();
        if (named.isEmpty()) {
            throw ControlFailure.usage("\"" + name.substring(slash + 1) + "\" is no server of " + backend.name()
                    + " (known: "
                    + backend.servers().stream().map(Server::name).collect(Collectors.joining(", ")) + ")");
        }
        Instant now = clock.instant();
        Instant until = until(ControlRequest.text(request, "until", ""), now);
        String action = ControlRequest.text(request, "action", "");
        Integer weight = action.equals("weight") ? weight(ControlRequest.text(request, "weight", "")) : null;
        JsonArray done = new JsonArray();
        for (Server server : named) {
            backend.override(
                    server,
                    switch (action) {
                        case "drain" -> said -> said.with(new Said<>(Mode.DRAIN, now, until));
                        case "maintain" -> said -> said.with(new Said<>(Mode.MAINTENANCE, now, until));
                        case "ready" -> {
                            var mode = server.isDrainedByConfiguration() ? new Said<>(Mode.READY, now, until) : null;
                            yield said -> said.with(mode);
                        }
                        case "weight" -> {
                            var other = weight == null ? null : new Said<>(weight, now, until);
                            yield said -> said.weighing(other);
                        }
                        default ->
                            throw ControlFailure.usage(
                                    "\"" + action + "\": expected: drain, ready, maintain or weight");
                    });
            done.add(json(backend, server));
        }
        JsonObject json = new JsonObject();
        json.add("servers", done);
        if (!balancer.asksAny()) {
            json.addProperty(
                    "warning", "no server of " + backend.name() + " gets new requests now: they are answered 503");
        }
        return json;
    }

    private static JsonObject json(Backend backend, Server server) {
        JsonObject json = new JsonObject();
        json.addProperty("server", backend.name() + "/" + server.name());
        json.addProperty("state", server.state().name().toLowerCase(Locale.ROOT));
        json.addProperty("draining", server.isDraining());
        json.addProperty("weight", server.weight());
        json.addProperty("in-flight", server.inFlight());
        json.add("override", StatusJson.override(server.override()));
        json.addProperty("is", server.override().text());
        return json;
    }

    private static @Nullable Instant until(String text, Instant now) throws ControlFailure {
        if (text.isEmpty()) {
            return null;
        }
        try {
            Instant until = Instant.parse(text);
            if (!until.isAfter(now)) {
                throw ControlFailure.usage("until: \"" + text + "\" is over (expected: an instant to come)");
            }
            return until;
        } catch (DateTimeParseException e) {
            throw ControlFailure.usage(
                    "until: \"" + text + "\" is no instant (expected: such as 2026-01-31T12:00:00Z)");
        }
    }

    /** Null for that of the configuration. */
    private static @Nullable Integer weight(String text) throws ControlFailure {
        if (text.equals("default")) {
            return null;
        }
        try {
            int weight = Integer.parseInt(text);
            if (weight >= 1 && weight <= LARGEST_WEIGHT) {
                return weight;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw ControlFailure.usage(
                "weight: \"" + text + "\" (expected: a whole number from 1 to " + LARGEST_WEIGHT + ", or default)");
    }
}
