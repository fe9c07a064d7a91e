package dev.postern.status;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.backend.ServerOverride;
import dev.postern.backend.ServerOverride.Said;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.control.CertificateJson;
import dev.postern.observe.Count;
import dev.postern.observe.Gauges.Connections;
import dev.postern.observe.Traffic;
import dev.postern.status.BackendPicture.ServerPicture;
import dev.postern.status.EdgePicture.Recent;
import dev.postern.status.RunningEdge.Use;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code /status.json}, and what {@code postern status --json} prints. Part of the contract with scripts: keys may be added,
 * none is renamed or gets another meaning without another {@code version}. What is not known is left out; instants are UTC,
 * to the second; spans are seconds, sizes bytes, shares between 0 and 1.
 */
public final class StatusJson {
    /** Of the form. */
    public static final int VERSION = 1;

    private static final double MILLIS_PER_SECOND = 1000;
    private static final double HALF = 0.5;
    private static final double NEARLY_ALL = 0.99;
    private static final String[] CLASSES = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

    private StatusJson() {}

    public static JsonObject of(EdgePicture picture) {
        JsonObject json = new JsonObject();
        json.addProperty("version", VERSION);
        json.addProperty("at", picture.at().toString());
        json.add("edge", edge(picture.edge()));
        json.add("traffic", traffic(picture));
        json.add("backends", backends(picture.backends(), picture.recent()));
        JsonArray certificates = new JsonArray();
        picture.certificates().forEach(status -> certificates.add(certificate(status, picture.at())));
        json.add("certificates", certificates);
        JsonArray failures = new JsonArray();
        picture.failures().forEach(failed -> failures.add(failure(failed)));
        json.add("failures", failures);
        return json;
    }

    // ---- the edge

    private static JsonObject edge(RunningEdge edge) {
        JsonObject json = new JsonObject();
        json.addProperty("version", edge.version());
        json.add("runs-on", texts(edge.versions()));
        json.addProperty("since", edge.since().toString());
        json.addProperty("event-loops", edge.loops());
        json.add("heap", use(edge.heap()));
        json.add("buffers", use(edge.buffers()));
        json.add("descriptors", use(edge.descriptors()));
        json.add("connections", use(edge.connections()));
        json.add("server-connections", use(edge.serverConnections()));
        LastReload reload = edge.lastReload();
        if (reload != null) {
            JsonObject last = new JsonObject();
            last.addProperty("at", reload.at().toString());
            last.addProperty("done", reload.done());
            last.add(reload.done() ? "changes" : "problems", texts(reload.lines()));
            if (!reload.afterRestart().isEmpty()) {
                last.add("after-restart", texts(reload.afterRestart()));
            }
            json.add("last-reload", last);
        }
        return json;
    }

    private static JsonObject use(Use use) {
        JsonObject json = new JsonObject();
        json.addProperty("used", use.used());
        json.addProperty("max", use.max());
        return json;
    }

    // ---- traffic

    private static JsonObject traffic(EdgePicture picture) {
        JsonObject json = new JsonObject();
        json.addProperty("counted", picture.counted());
        if (picture.recent() != null) {
            json.addProperty("rates-over", seconds(picture.recent().span().toMillis()));
        }
        JsonArray listeners = new JsonArray();
        picture.listeners().forEach((name, connections) -> listeners.add(listener(name, connections)));
        json.add("listeners", listeners);
        Traffic traffic = picture.traffic();
        JsonObject handshakes = new JsonObject();
        handshakes.add("completed", numbers(traffic.handshakes()));
        handshakes.addProperty("resumed", picture.resumed());
        handshakes.add("failed", numbers(traffic.failedHandshakes()));
        json.add("handshakes", handshakes);
        json.add("sites", counts(traffic.sites(), picture.recent(), true));
        json.add("services", counts(traffic.services(), picture.recent(), false));
        return json;
    }

    static JsonObject listener(String name, Connections connections) {
        JsonObject json = new JsonObject();
        json.addProperty("name", name);
        json.addProperty("open", connections.open());
        json.addProperty("accepted", connections.accepted());
        json.addProperty("accept-failures", connections.acceptFailures());
        return json;
    }

    private static JsonArray counts(Map<String, Count> counts, @Nullable Recent recent, boolean areSites) {
        JsonArray all = new JsonArray();
        counts.forEach((name, count) -> {
            Count now = recent == null
                    ? null
                    : (areSites ? recent.traffic().sites() : recent.traffic().services()).get(name);
            JsonObject json = new JsonObject();
            json.addProperty("name", name);
            count(json, count, recent, now, areSites);
            all.add(json);
        });
        return all;
    }

    private static void count(
            JsonObject json, Count count, @Nullable Recent recent, @Nullable Count now, boolean byStatus) {
        json.addProperty(byStatus ? "requests" : "connections", count.all());
        if (recent != null && now != null) {
            json.addProperty("rate", rounded(recent.perSecond(now)));
        }
        if (byStatus) {
            JsonObject classes = new JsonObject();
            for (int i = 0; i < CLASSES.length; i++) {
                if (count.answered(i) > 0) {
                    classes.addProperty(CLASSES[i], count.answered(i));
                }
            }
            json.add("answers", classes);
        }
        json.addProperty("bytes-in", count.bytesIn());
        json.addProperty("bytes-out", count.bytesOut());
        if (!count.failures().isEmpty()) {
            json.add("failures", numbers(count.failures()));
        }
    }

    // ---- backends

    private static JsonArray backends(List<BackendPicture> backends, @Nullable Recent recent) {
        JsonArray all = new JsonArray();
        for (BackendPicture backend : backends) {
            JsonObject json = new JsonObject();
            json.addProperty("name", backend.name());
            json.addProperty("up", backend.up());
            json.addProperty("waiting", backend.waiting());
            json.addProperty("queue-refusals", backend.queueRefusals());
            json.addProperty("queue-timeouts", backend.queueTimeouts());
            json.addProperty("retries-refused", backend.retriesRefused());
            JsonArray servers = new JsonArray();
            backend.servers().forEach(server -> servers.add(server(server, recent)));
            json.add("servers", servers);
            all.add(json);
        }
        return all;
    }

    private static JsonObject server(ServerPicture server, @Nullable Recent recent) {
        JsonObject json = new JsonObject();
        json.addProperty("name", server.name());
        json.addProperty("state", server.state());
        json.addProperty("why", server.outlook().why());
        json.addProperty("for", server.outlook().since().toSeconds());
        json.addProperty("weight", server.weight());
        json.addProperty("backup", server.backup());
        json.addProperty("draining", server.draining());
        json.addProperty("slow-start", !server.warm());
        json.addProperty("in-flight", server.inFlight());
        if (server.maxConnections() > 0) {
            json.addProperty("max-connections", server.maxConnections());
        }
        ServerOverride said = server.outlook().override();
        if (!said.isNothing()) {
            json.add("override", override(said));
        }
        if (server.outlook().checked() != null) {
            JsonObject check = new JsonObject();
            check.addProperty("ago", server.outlook().checked().toSeconds());
            check.addProperty("well", server.outlook().fault() == null);
            text(check, "fault", server.outlook().fault());
            json.add("last-check", check);
        }
        if (server.certificateEnds() != null) {
            json.addProperty("certificate-ends", server.certificateEnds().toString());
        }
        count(json, server.all(), recent, server.recent(), true);
        json.addProperty("retries", server.all().retries());
        quantile(json, "p50", server.quantile(HALF));
        quantile(json, "p99", server.quantile(NEARLY_ALL));
        return json;
    }

    static JsonObject override(ServerOverride said) {
        JsonObject json = new JsonObject();
        if (said.mode() != null) {
            JsonObject mode = new JsonObject();
            mode.addProperty("is", said.mode().what().text());
            said(mode, said.mode());
            json.add("mode", mode);
        }
        if (said.weight() != null) {
            JsonObject weight = new JsonObject();
            weight.addProperty("is", said.weight().what());
            said(weight, said.weight());
            json.add("weight", weight);
        }
        return json;
    }

    private static void said(JsonObject json, Said<?> said) {
        json.addProperty("since", said.since().truncatedTo(ChronoUnit.SECONDS).toString());
        if (said.until() != null) {
            json.addProperty(
                    "until", said.until().truncatedTo(ChronoUnit.SECONDS).toString());
        }
    }

    private static void quantile(JsonObject json, String name, double millis) {
        if (!Double.isNaN(millis)) {
            json.addProperty(name, Math.round(millis * MILLIS_PER_SECOND) / (MILLIS_PER_SECOND * MILLIS_PER_SECOND));
        }
    }

    // ---- certificates and failures

    private static JsonObject certificate(CertificateStatus status, Instant now) {
        JsonObject json = CertificateJson.of(status);
        double gone = LifeGone.of(status, now);
        if (!Double.isNaN(gone)) {
            json.addProperty("life-gone", rounded(gone));
        }
        return json;
    }

    private static JsonObject failure(FailedRequest failed) {
        JsonObject json = new JsonObject();
        json.addProperty("at", failed.at().toString());
        json.addProperty("request-id", failed.id());
        json.addProperty("reason", failed.reason());
        if (!failed.detail().isEmpty()) {
            json.addProperty("detail", failed.detail());
        }
        json.addProperty("status", failed.status());
        json.addProperty("client", failed.client());
        text(json, "method", failed.method());
        text(json, "host", failed.host());
        text(json, "target", failed.target());
        text(json, "site", failed.site());
        text(json, "backend", failed.backend());
        text(json, "server", failed.server());
        json.addProperty("took", seconds(failed.millis()));
        return json;
    }

    // ---- values

    private static double seconds(long millis) {
        return millis / MILLIS_PER_SECOND;
    }

    private static double rounded(double value) {
        return Math.round(value * MILLIS_PER_SECOND) / MILLIS_PER_SECOND;
    }

    private static void text(JsonObject json, String key, @Nullable String value) {
        if (value != null) {
            json.addProperty(key, value);
        }
    }

    private static JsonArray texts(List<String> values) {
        JsonArray array = new JsonArray();
        values.forEach(array::add);
        return array;
    }

    private static JsonObject numbers(Map<String, Long> values) {
        JsonObject json = new JsonObject();
        values.forEach(json::addProperty);
        return json;
    }
}
