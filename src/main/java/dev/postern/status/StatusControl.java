package dev.postern.status;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.observe.Gauges;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Consumer;

/** The commands {@code status}, {@code connections} and {@code top}; all others are left to those who know them. */
public final class StatusControl implements ControlCommands {
    /** Clients that are named. */
    private static final int CLIENTS = 50;

    private final EdgePictures pictures;
    private final EdgePictures.Subject subject;
    private final InstantSource clock;
    private final ControlCommands others;

    public StatusControl(
            EdgePictures pictures, EdgePictures.Subject subject, InstantSource clock, ControlCommands others) {
        this.pictures = pictures;
        this.subject = subject;
        this.clock = clock;
        this.others = others;
    }

    @Override
    public JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure, InterruptedException {
        return switch (ControlRequest.text(request, "command", "")) {
            case "status" -> StatusJson.of(pictures.take());
            case "connections" -> connections(subject.gauges());
            case "top" -> Top.of(subject.recent(), clock.millis()).json();
            default -> others.run(request, progress);
        };
    }

    private static JsonObject connections(Gauges gauges) {
        JsonObject json = new JsonObject();
        JsonArray listeners = new JsonArray();
        gauges.connections().forEach((name, connections) -> listeners.add(StatusJson.listener(name, connections)));
        json.add("listeners", listeners);
        json.addProperty("limit", gauges.maxConnections());
        json.addProperty("limit-reached", gauges.connectionLimitReached());
        json.addProperty("refused-per-client", gauges.refusedPerClient());
        json.addProperty("refused-for-memory", gauges.connectionsRefusedForMemory());
        json.addProperty("closed-for-memory", gauges.connectionsClosedForMemory());
        JsonArray clients = new JsonArray();
        for (Map.Entry<String, Integer> client : gauges.busiestClients(CLIENTS).entrySet()) {
            JsonObject one = new JsonObject();
            one.addProperty("client", client.getKey());
            one.addProperty("open", client.getValue());
            clients.add(one);
        }
        json.add("clients", clients);
        JsonObject servers = new JsonObject();
        servers.addProperty("open", gauges.servers().open());
        servers.addProperty("limit", gauges.servers().max());
        servers.addProperty("refused", gauges.servers().refused());
        servers.addProperty(
                "idle", gauges.toServers().stream().mapToLong(one -> one.idle()).sum());
        servers.addProperty(
                "http2",
                gauges.toServers().stream().mapToLong(one -> one.http2()).sum());
        json.add("to-servers", servers);
        return json;
    }
}
