package dev.postern.observe;

import dev.postern.backend.Server;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.http.exchange.Trace;
import dev.postern.route.Route;
import dev.postern.tunnel.PassageRecord;
import dev.postern.wire.Failure;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The spans of an exchange in the JSON of <a href="https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding">OTLP</a>, with commas
 * between them: one of kind SERVER, and one of kind CLIENT for each time that it was tried with a server, with the attributes of
 * OpenTelemetry's <a href="https://opentelemetry.io/docs/specs/semconv/http/http-spans/">semantic conventions for HTTP</a>.
 */
final class SpanFormat implements LineFormat {
    private static final int SERVER = 2;
    private static final int CLIENT = 3;

    /** Names of spans and values of metrics are made of methods: whoever invents one is not to make more of them. */
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

    private final InstantSource clock;
    private final ClientText clients = new ClientText();
    private final boolean query;

    SpanFormat(InstantSource clock, boolean query) {
        this.clock = clock;
        this.query = query;
    }

    @Override
    public void write(ExchangeRecord exchange, LineBuffer line) {
        Trace trace = exchange.trace();
        if (trace == null) {
            return;
        }
        Instant now = clock.instant();
        // What is an end by the clock of the loop was now by that of the world.
        long offset = now.getEpochSecond() * 1_000_000_000L + now.getNano() - exchange.endNanos();
        String asked = exchange.method();
        String method = asked == null || !METHODS.contains(asked) ? "_OTHER" : asked;
        server(exchange, trace, method, offset, line);
        int resent = 0;
        for (Trace.Try each : trace.tries()) {
            line.ascii(',');
            client(exchange, trace, each, method, resent++, offset, line);
        }
    }

    private void server(ExchangeRecord exchange, Trace trace, String method, long offset, LineBuffer line) {
        Route route = exchange.route();
        String path = route == null ? "" : route.path();
        begin(line, trace, trace.spanId(), trace.parentId(), SERVER);
        line.ascii(",\"name\":")
                .json((method.equals("_OTHER") ? "HTTP" : method) + (path.isEmpty() ? "" : " " + path), 200);
        times(line, exchange.endNanos() - exchange.totalTime() + offset, exchange.endNanos() + offset);
        line.ascii(",\"attributes\":[");
        method(line, exchange.method(), method);
        text(line, "url.scheme", exchange.tlsVersion() == null ? "http" : "https");
        octets(line, "server.address", exchange.host());
        String target = exchange.target();
        octets(line, "url.path", target == null ? null : JsonFormat.path(target));
        int mark = target == null ? -1 : target.indexOf('?');
        octets(line, "url.query", target == null || mark < 0 || !query ? null : target.substring(mark + 1));
        text(line, "http.route", path.isEmpty() ? null : path);
        text(line, "client.address", clients.of(exchange.clientAddress()));
        String protocol = exchange.protocol();
        text(line, "network.protocol.version", protocol == null ? null : version(protocol));
        octets(line, "user_agent.original", exchange.userAgent());
        number(line, "http.response.status_code", exchange.status());
        text(line, "postern.request_id", exchange.id());
        text(line, "postern.site", exchange.site());
        text(line, "postern.backend", exchange.backend());
        Failure failure = exchange.failure();
        boolean wrong = exchange.status() >= 500 || (failure != null && failure.fault() != Failure.Fault.CLIENT);
        text(line, "error.type", errorType(failure, exchange.status(), wrong || failure != null));
        line.ascii(']');
        status(line, wrong, failure == null ? "" : failure.reason());
    }

    private void client(
            ExchangeRecord exchange,
            Trace trace,
            Trace.Try one,
            String method,
            int resent,
            long offset,
            LineBuffer line) {
        Server server = one.server();
        begin(line, trace, one.id(), trace.spanId(), CLIENT);
        line.ascii(",\"name\":").json(method.equals("_OTHER") ? "HTTP" : method, 200);
        times(line, one.beganNanos() + offset, one.endNanos() + offset);
        line.ascii(",\"attributes\":[");
        method(line, exchange.method(), method);
        String name = server.name();
        int colon = name.startsWith("unix:") ? -1 : name.lastIndexOf(':');
        text(line, "server.address", colon < 0 ? name : name.substring(0, colon));
        if (colon >= 0 && name.substring(colon + 1).matches("[0-9]{1,5}")) {
            number(line, "server.port", Integer.parseInt(name.substring(colon + 1)));
        }
        String target = exchange.target();
        octets(
                line,
                "url.full",
                target == null
                        ? null
                        : (server.tls() == null ? "http://" : "https://")
                                + (colon < 0 ? exchange.host() : name)
                                + (query ? target : JsonFormat.path(target)));
        if (resent > 0) {
            number(line, "http.request.resend_count", resent);
        }
        number(line, "http.response.status_code", one.status());
        text(line, "postern.backend", exchange.backend());
        boolean unanswered = one.status() == 0;
        boolean wrong = one.status() >= 400 || one.failure() != null || unanswered;
        text(line, "error.type", errorType(one.failure(), one.status(), wrong));
        line.ascii(']');
        status(line, wrong, "");
    }

    private static void begin(LineBuffer line, Trace trace, String span, String parent, int kind) {
        line.ascii("{\"traceId\":\"").ascii(trace.traceId());
        line.ascii("\",\"spanId\":\"").ascii(span).ascii('"');
        if (!parent.isEmpty()) {
            line.ascii(",\"parentSpanId\":\"").ascii(parent).ascii('"');
        }
        if (trace.state() != null) {
            line.ascii(",\"traceState\":").json(trace.state(), JsonFormat.LONGEST);
        }
        line.ascii(",\"flags\":1,\"kind\":").number(kind);
    }

    private static void times(LineBuffer line, long from, long to) {
        line.ascii(",\"startTimeUnixNano\":\"").number(from);
        line.ascii("\",\"endTimeUnixNano\":\"").number(to).ascii('"');
    }

    private static @Nullable String errorType(@Nullable Failure failure, int status, boolean wrong) {
        if (!wrong) {
            return null;
        }
        return failure != null ? failure.reason() : status == 0 ? "_OTHER" : Integer.toString(status);
    }

    private static String version(String protocol) {
        String version = protocol.substring(protocol.indexOf('/') + 1);
        return version.equals("2.0") ? "2" : version;
    }

    /** The first one of a list: it is always there. */
    private static void method(LineBuffer line, @Nullable String asked, String method) {
        line.ascii("{\"key\":\"http.request.method\",\"value\":{\"stringValue\":\"")
                .ascii(method)
                .ascii("\"}}");
        octets(line, "http.request.method_original", method.equals("_OTHER") ? asked : null);
    }

    private static void text(LineBuffer line, String key, @Nullable String value) {
        if (value != null) {
            line.ascii(",{\"key\":\"").ascii(key).ascii("\",\"value\":{\"stringValue\":");
            line.json(value, JsonFormat.LONGEST).ascii("}}");
        }
    }

    private static void octets(LineBuffer line, String key, @Nullable String value) {
        if (value != null) {
            line.ascii(",{\"key\":\"").ascii(key).ascii("\",\"value\":{\"stringValue\":");
            line.octets(value, JsonFormat.LONGEST).ascii("}}");
        }
    }

    private static void number(LineBuffer line, String key, long value) {
        if (value > 0) {
            line.ascii(",{\"key\":\"").ascii(key).ascii("\",\"value\":{\"intValue\":\"");
            line.number(value).ascii("\"}}");
        }
    }

    private static void status(LineBuffer line, boolean wrong, String message) {
        if (wrong) {
            line.ascii(",\"status\":{\"code\":2");
            if (!message.isEmpty()) {
                line.ascii(",\"message\":\"").ascii(message).ascii('"');
            }
            line.ascii('}');
        }
        line.ascii('}');
    }

    /** What is not HTTP has no trace. */
    @Override
    public void write(PassageRecord passage, LineBuffer line) {}
}
