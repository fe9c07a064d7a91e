package dev.postern.demo;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** What the page shows of the servers and the certificate: as they are, as the edge sees them, and as a client is shown them. */
final class DemoState {
    private final Stage stage;
    private final List<ColouredServer> servers;
    private final InstantSource clock;

    DemoState(Stage stage, List<ColouredServer> servers, InstantSource clock) {
        this.stage = stage;
        this.servers = servers;
        this.clock = clock;
    }

    JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("now", clock.millis());
        JsonObject status = new JsonObject();
        try {
            status = stage.status();
        } catch (IOException e) {
            json.addProperty("problem", String.valueOf(e.getMessage()));
        }
        JsonArray all = new JsonArray();
        for (ColouredServer server : servers) {
            all.add(server(server, status));
        }
        json.add("servers", all);
        json.add("certificate", certificate(status));
        return json;
    }

    private static JsonObject server(ColouredServer server, JsonObject status) {
        JsonObject json = new JsonObject();
        json.addProperty("name", server.colour());
        json.addProperty("running", server.isRunning());
        seen(status, server.colour()).ifPresent(seen -> {
            for (String key : List.of("state", "why", "for", "requests", "retries")) {
                if (seen.has(key)) {
                    json.add(key, seen.get(key));
                }
            }
        });
        return json;
    }

    /** What the edge has of this server. */
    private static Optional<JsonObject> seen(JsonObject status, String name) {
        return objects(status, "backends").stream()
                .flatMap(backend -> objects(backend, "servers").stream())
                .filter(server -> name.equals(server.get("name").getAsString()))
                .findFirst();
    }

    private JsonObject certificate(JsonObject status) {
        JsonObject json = new JsonObject();
        try {
            X509Certificate shown = stage.shown();
            json.addProperty("serial", shown.getSerialNumber().toString(16));
            json.addProperty("not-before", shown.getNotBefore().toInstant().toEpochMilli());
            json.addProperty("not-after", shown.getNotAfter().toInstant().toEpochMilli());
        } catch (IOException e) {
            json.addProperty("problem", String.valueOf(e.getMessage()));
        }
        objects(status, "certificates").stream().findFirst().ifPresent(certificate -> {
            for (String key : List.of("issuer", "next-renewal", "last-failure")) {
                if (certificate.has(key)) {
                    json.add(key, certificate.get(key));
                }
            }
        });
        return json;
    }

    private static List<JsonObject> objects(JsonObject json, String key) {
        JsonElement all = json.get(key);
        return all == null
                ? List.of()
                : StreamSupport.stream(all.getAsJsonArray().spliterator(), false)
                        .map(JsonElement::getAsJsonObject)
                        .toList();
    }
}
