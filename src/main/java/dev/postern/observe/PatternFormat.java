package dev.postern.observe;

import dev.postern.backend.Server;
import dev.postern.config.LogPattern;
import dev.postern.http.exchange.Admission;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.route.Route;
import dev.postern.tunnel.PassageRecord;
import dev.postern.wire.ClientCertificate;
import dev.postern.wire.Failure;
import dev.postern.wire.Phase;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** A line as the operator has written it; what is not known is {@code -}, and no value can forge another line. */
final class PatternFormat implements LineFormat {
    private final LogPattern pattern;
    private final Moment moment;
    private final ClientText clients = new ClientText();
    private final boolean query;

    PatternFormat(LogPattern pattern, InstantSource clock, boolean query) {
        this.pattern = pattern;
        this.moment = new Moment(clock, Moment.RFC_3339);
        this.query = query;
    }

    @Override
    public void write(ExchangeRecord exchange, LineBuffer line) {
        for (LogPattern.Part part : pattern.parts()) {
            if (part instanceof LogPattern.Text text) {
                line.ascii(text.text());
            } else if (part instanceof LogPattern.Header header) {
                text(line, RequestHeaders.value(exchange, header.name()));
            } else if (part instanceof LogPattern.Field field) {
                field(field.name(), exchange, line);
            }
        }
    }

    private void field(String name, ExchangeRecord exchange, LineBuffer line) {
        String target = exchange.target();
        Route route = exchange.route();
        Server server = exchange.server();
        Failure failure = exchange.failure();
        Admission admission = exchange.admission();
        boolean endedWell = exchange.phase() == Phase.COMPLETE;
        switch (name) {
            case "time" -> time(line, exchange.totalTime());
            case "id" -> text(line, exchange.id());
            case "client" -> line.ascii(clients.of(exchange.clientAddress()));
            case "method" -> text(line, exchange.method());
            case "host" -> text(line, exchange.host());
            case "target" -> text(line, target == null || query ? target : JsonFormat.path(target));
            case "path" -> text(line, target == null ? null : JsonFormat.path(target));
            case "protocol" -> text(line, exchange.protocol());
            case "tls" -> text(line, exchange.tlsVersion());
            case "cipher" -> text(line, exchange.tlsCipher());
            case "status" -> number(line, exchange.status() == 0 ? -1 : exchange.status());
            case "bytes_in" -> line.number(exchange.bytesIn());
            case "bytes_out" -> line.number(exchange.bytesOut());
            case "site" -> text(line, exchange.site());
            case "route" -> text(line, route == null ? null : route.path());
            case "backend" -> text(line, exchange.backend());
            case "server" -> text(line, server == null ? null : server.name());
            case "retries" -> line.number(exchange.retries());
            case "reused" -> line.ascii(server == null ? "-" : exchange.reusedConnection() ? "true" : "false");
            case "state" -> State.write(exchange, line);
            case "ended_by" -> text(line, endedWell ? null : exchange.endedBy().words());
            case "phase" -> text(line, endedWell ? null : exchange.phase().words());
            case "reason" -> text(line, failure == null ? null : failure.reason());
            case "head_ms" -> millis(line, exchange.headTime());
            case "queue_ms" -> millis(line, exchange.queueTime());
            case "connect_ms" -> millis(line, exchange.connectTime());
            case "response_ms" -> millis(line, exchange.responseTime());
            case "total_ms" -> millis(line, exchange.totalTime());
            case "referer" -> text(line, exchange.referer());
            case "user_agent" -> text(line, exchange.userAgent());
            case "trace_id" ->
                text(line, exchange.trace() == null ? null : exchange.trace().traceId());
            case "auth_backend" -> text(line, admission == null ? null : admission.backend());
            case "auth_status" -> number(line, admission == null ? -1 : admission.status());
            case "auth_ms" -> millis(line, admission == null ? ExchangeRecord.NEVER : admission.nanos());
            case "client_verification", "client_subject", "client_fingerprint" ->
                certificate(name, exchange.certificate(), line);
            case "service", "port", "sni" -> line.ascii('-');
            default -> throw new IllegalStateException("field: " + name);
        }
    }

    @Override
    public void write(PassageRecord passage, LineBuffer line) {
        for (LogPattern.Part part : pattern.parts()) {
            if (part instanceof LogPattern.Text text) {
                line.ascii(text.text());
            } else if (part instanceof LogPattern.Field field) {
                field(field.name(), passage, line);
            } else {
                line.ascii('-');
            }
        }
    }

    private void field(String name, PassageRecord passage, LineBuffer line) {
        Server server = passage.server();
        Failure failure = passage.failure();
        switch (name) {
            case "time" -> time(line, passage.totalTime());
            case "id" -> text(line, passage.id());
            case "client" -> line.ascii(clients.of(passage.endpoints().client().getAddress()));
            case "method" -> line.ascii("TCP");
            case "host" -> text(line, passage.serverName());
            case "target", "path" ->
                text(line, passage.service() + ":" + passage.endpoints().local().getPort());
            case "bytes_in" -> line.number(passage.bytesIn());
            case "bytes_out" -> line.number(passage.bytesOut());
            case "backend" -> text(line, passage.backend());
            case "server" -> text(line, server == null ? null : server.name());
            case "retries" -> line.number(passage.retries());
            case "service" -> text(line, passage.service());
            case "port" -> line.number(passage.endpoints().local().getPort());
            case "sni" -> text(line, passage.serverName());
            case "client_verification", "client_subject", "client_fingerprint" ->
                certificate(name, passage.certificate(), line);
            case "state" -> State.write(passage, line);
            case "ended_by" -> text(line, passage.endedBy().words());
            case "phase" -> text(line, passage.phase().words());
            case "reason" -> text(line, failure == null ? null : failure.reason());
            case "queue_ms" -> millis(line, passage.queueTime());
            case "connect_ms" -> millis(line, passage.connectTime());
            case "total_ms" -> millis(line, passage.totalTime());
            default -> line.ascii('-');
        }
    }

    private static void certificate(String name, @Nullable ClientCertificate shown, LineBuffer line) {
        if (shown == null) {
            line.ascii('-');
            return;
        }
        switch (name) {
            case "client_verification" -> text(line, shown.verification());
            case "client_subject" -> text(line, shown.subject());
            default -> text(line, shown.fingerprint());
        }
    }

    private void time(LineBuffer line, long agoNanos) {
        line.ascii(moment.second(agoNanos))
                .ascii('.')
                .threeDigits(moment.millis())
                .ascii('Z');
    }

    private static void text(LineBuffer line, @Nullable String value) {
        if (value == null || value.isEmpty()) {
            line.ascii('-');
        } else {
            line.quotedText(octets(value), JsonFormat.LONGEST);
        }
    }

    /** Names of the configuration may have any character; all else is octets already. */
    private static String octets(String value) {
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) > 0xff) {
                return new String(value.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
            }
        }
        return value;
    }

    private static void number(LineBuffer line, long value) {
        if (value < 0) {
            line.ascii('-');
        } else {
            line.number(value);
        }
    }

    private static void millis(LineBuffer line, long nanos) {
        if (nanos == ExchangeRecord.NEVER) {
            line.ascii('-');
        } else {
            line.millis(nanos);
        }
    }
}
