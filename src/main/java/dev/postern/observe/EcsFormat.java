package dev.postern.observe;

import dev.postern.backend.Server;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.http.exchange.Trace;
import dev.postern.route.Route;
import dev.postern.tunnel.PassageRecord;
import dev.postern.wire.Failure;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * <a href="https://www.elastic.co/docs/reference/ecs">Elastic Common Schema</a> 8.11, with names that have dots, as ECS loggers write
 * it; what it has no word for is under {@code postern.}.
 */
final class EcsFormat implements LineFormat {
    private final Moment moment;
    private final ClientText clients = new ClientText();
    private final boolean query;
    private final RequestHeaders headers;

    EcsFormat(InstantSource clock, boolean query, RequestHeaders headers) {
        this.moment = new Moment(clock, Moment.RFC_3339);
        this.query = query;
        this.headers = headers;
    }

    @Override
    public void write(ExchangeRecord exchange, LineBuffer line) {
        begin(line, exchange.totalTime(), exchange.id(), clients.of(exchange.clientAddress()));
        line.ascii(",\"event.category\":[\"web\"],\"event.dataset\":\"postern.access\",\"event.outcome\":\"")
                .ascii(exchange.status() >= 100 && exchange.status() < 500 ? "success\"" : "failure\"");
        Trace trace = exchange.trace();
        if (trace != null) {
            line.ascii(",\"trace.id\":\"").ascii(trace.traceId());
            line.ascii("\",\"span.id\":\"").ascii(trace.spanId()).ascii('"');
        }
        octets(line, ",\"http.request.method\":", exchange.method());
        octets(line, ",\"url.domain\":", exchange.host());
        String target = exchange.target();
        octets(line, ",\"url.original\":", target == null || query ? target : JsonFormat.path(target));
        octets(line, ",\"url.path\":", target == null ? null : JsonFormat.path(target));
        String protocol = exchange.protocol();
        octets(line, ",\"http.version\":", protocol == null ? null : protocol.substring(protocol.indexOf('/') + 1));
        String tls = exchange.tlsVersion();
        octets(line, ",\"tls.version\":", tls == null ? null : tls.replace("TLSv", ""));
        octets(line, ",\"tls.cipher\":", exchange.tlsCipher());
        if (exchange.status() > 0) {
            line.ascii(",\"http.response.status_code\":").number(exchange.status());
        }
        line.ascii(",\"http.request.body.bytes\":").number(exchange.bytesIn());
        line.ascii(",\"http.response.body.bytes\":").number(exchange.bytesOut());
        octets(line, ",\"http.request.referrer\":", exchange.referer());
        octets(line, ",\"user_agent.original\":", exchange.userAgent());
        text(line, ",\"postern.site\":", exchange.site());
        Route route = exchange.route();
        text(line, ",\"postern.route\":", route == null ? null : route.path());
        text(line, ",\"postern.backend\":", exchange.backend());
        server(line, exchange.server(), exchange.retries());
        failure(line, exchange.failure());
        if (!headers.isEmpty()) {
            for (String name : headers.names()) {
                String value = RequestHeaders.value(exchange, name);
                if (value != null) {
                    line.ascii(",\"http.request.headers.").ascii(name).ascii("\":[");
                    line.octets(value, JsonFormat.LONGEST).ascii(']');
                }
            }
        }
        line.ascii('}');
    }

    @Override
    public void write(PassageRecord passage, LineBuffer line) {
        begin(
                line,
                passage.totalTime(),
                passage.id(),
                clients.of(passage.endpoints().client().getAddress()));
        line.ascii(",\"event.category\":[\"network\"],\"event.dataset\":\"postern.access\",\"event.outcome\":\"")
                .ascii(passage.failure() == null ? "success\"" : "failure\"");
        text(line, ",\"postern.service\":", passage.service());
        line.ascii(",\"destination.port\":").number(passage.endpoints().local().getPort());
        text(line, ",\"tls.client.server_name\":", passage.serverName());
        line.ascii(",\"source.bytes\":").number(passage.bytesIn());
        line.ascii(",\"destination.bytes\":").number(passage.bytesOut());
        text(line, ",\"postern.backend\":", passage.backend());
        server(line, passage.server(), passage.retries());
        failure(line, passage.failure());
        line.ascii('}');
    }

    private void begin(LineBuffer line, long totalTime, String id, String client) {
        line.ascii("{\"@timestamp\":\"").ascii(moment.second(totalTime)).ascii('.');
        line.threeDigits(moment.millis())
                .ascii("Z\",\"ecs.version\":\"8.11.0\",\"event.kind\":\"event\",\"event.id\":\"");
        line.ascii(id).ascii("\",\"event.duration\":").number(totalTime);
        line.ascii(",\"client.ip\":\"")
                .ascii(client)
                .ascii("\",\"source.ip\":\"")
                .ascii(client)
                .ascii('"');
    }

    private static void server(LineBuffer line, @Nullable Server server, int retries) {
        if (server != null) {
            text(line, ",\"postern.server\":", server.name());
            line.ascii(",\"postern.retries\":").number(retries);
        }
    }

    private static void failure(LineBuffer line, @Nullable Failure failure) {
        if (failure != null) {
            line.ascii(",\"error.code\":\"").ascii(failure.reason()).ascii('"');
        }
    }

    private static void octets(LineBuffer line, String key, @Nullable String value) {
        if (value != null) {
            line.ascii(key).octets(value, JsonFormat.LONGEST);
        }
    }

    private static void text(LineBuffer line, String key, @Nullable String value) {
        if (value != null) {
            line.ascii(key).json(value, JsonFormat.LONGEST);
        }
    }
}
