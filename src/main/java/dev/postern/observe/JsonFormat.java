package dev.postern.observe;

import dev.postern.backend.Server;
import dev.postern.http.exchange.Admission;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.http.exchange.Trace;
import dev.postern.route.Route;
import dev.postern.tunnel.PassageRecord;
import dev.postern.wire.ClientCertificate;
import dev.postern.wire.EndedBy;
import dev.postern.wire.Failure;
import dev.postern.wire.Phase;
import java.net.InetAddress;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One JSON object for each exchange; what does not apply to it is left out. docs/watching.md has the table of its fields. */
final class JsonFormat implements LineFormat {
    /** Octets of a text that a client chose: enough for every honest one, and a bound for the others. */
    static final int LONGEST = 4096;

    private final Moment moment;
    private final ClientText clients = new ClientText();
    private final Where where = new Where();
    private final boolean query;
    private final RequestHeaders headers;

    JsonFormat(InstantSource clock, boolean query) {
        this(clock, query, new RequestHeaders(List.of()));
    }

    JsonFormat(InstantSource clock, boolean query, RequestHeaders headers) {
        this.headers = headers;
        this.moment = new Moment(clock, Moment.RFC_3339);
        this.query = query;
    }

    /** The target without its query. */
    static String path(String target) {
        int end = target.indexOf('?');
        return end < 0 ? target : target.substring(0, end);
    }

    @Override
    public void write(ExchangeRecord exchange, LineBuffer line) {
        begin(line, exchange.totalTime(), exchange.id(), exchange.clientAddress());
        Trace trace = exchange.trace();
        if (trace != null) {
            line.ascii(",\"trace_id\":\"").ascii(trace.traceId()).ascii('"');
        }
        octets(line, ",\"method\":", exchange.method());
        octets(line, ",\"host\":", exchange.host());
        String target = exchange.target();
        octets(line, ",\"target\":", target == null || query ? target : path(target));
        octets(line, ",\"protocol\":", exchange.protocol());
        octets(line, ",\"tls\":", exchange.tlsVersion());
        octets(line, ",\"cipher\":", exchange.tlsCipher());
        certificate(exchange.certificate(), line);
        line.ascii(",\"status\":").number(exchange.status());
        line.ascii(",\"bytes_in\":").number(exchange.bytesIn());
        line.ascii(",\"bytes_out\":").number(exchange.bytesOut());
        line.ascii(where.of(exchange));
        Server server = exchange.server();
        if (server != null) {
            line.ascii(",\"retries\":").number(exchange.retries());
            line.ascii(exchange.reusedConnection() ? ",\"reused\":true" : ",\"reused\":false");
        }
        admission(exchange.admission(), line);
        ending(exchange, line);
        millis(line, ",\"head_ms\":", exchange.headTime());
        millis(line, ",\"queue_ms\":", exchange.queueTime());
        millis(line, ",\"connect_ms\":", exchange.connectTime());
        millis(line, ",\"response_ms\":", exchange.responseTime());
        millis(line, ",\"total_ms\":", exchange.totalTime());
        octets(line, ",\"referer\":", exchange.referer());
        octets(line, ",\"user_agent\":", exchange.userAgent());
        if (!headers.isEmpty()) {
            headers(exchange, line);
        }
        line.ascii('}');
    }

    @Override
    public void write(PassageRecord passage, LineBuffer line) {
        begin(
                line,
                passage.totalTime(),
                passage.id(),
                passage.endpoints().client().getAddress());
        text(line, ",\"service\":", passage.service());
        line.ascii(",\"port\":").number(passage.endpoints().local().getPort());
        text(line, ",\"sni\":", passage.serverName());
        certificate(passage.certificate(), line);
        line.ascii(",\"bytes_in\":").number(passage.bytesIn());
        line.ascii(",\"bytes_out\":").number(passage.bytesOut());
        text(line, ",\"backend\":", passage.backend());
        Server server = passage.server();
        if (server != null) {
            text(line, ",\"server\":", server.name());
            line.ascii(",\"retries\":").number(passage.retries());
        }
        EndedBy endedBy = passage.endedBy();
        Phase phase = passage.phase();
        line.ascii(",\"state\":\"");
        State.write(passage, line);
        line.ascii("\",\"ended_by\":\"").ascii(endedBy.words());
        line.ascii("\",\"phase\":\"").ascii(phase.words()).ascii('"');
        Failure failure = passage.failure();
        if (failure != null) {
            line.ascii(",\"reason\":\"").ascii(failure.reason()).ascii('"');
        }
        millis(line, ",\"queue_ms\":", passage.queueTime());
        millis(line, ",\"connect_ms\":", passage.connectTime());
        millis(line, ",\"total_ms\":", passage.totalTime());
        line.ascii('}');
    }

    private void begin(LineBuffer line, long totalTime, String id, InetAddress client) {
        line.ascii("{\"time\":\"").ascii(moment.second(totalTime)).ascii('.');
        line.threeDigits(moment.millis()).ascii("Z\",\"id\":\"").ascii(id);
        line.ascii("\",\"client\":\"").ascii(clients.of(client)).ascii('"');
    }

    private static void certificate(@Nullable ClientCertificate shown, LineBuffer line) {
        if (shown != null) {
            text(line, ",\"client_verification\":", shown.verification());
            text(line, ",\"client_subject\":", shown.subject());
            text(line, ",\"client_fingerprint\":", shown.fingerprint());
        }
    }

    private void headers(ExchangeRecord exchange, LineBuffer line) {
        String before = ",\"request_headers\":{\"";
        for (String name : headers.names()) {
            String value = RequestHeaders.value(exchange, name);
            if (value != null) {
                line.ascii(before).ascii(name).ascii("\":").octets(value, LONGEST);
                before = ",\"";
            }
        }
        if (before.length() == 2) {
            line.ascii('}');
        }
    }

    private static void admission(@Nullable Admission admission, LineBuffer line) {
        if (admission != null) {
            text(line, ",\"auth_backend\":", admission.backend());
            line.ascii(",\"auth_status\":").number(admission.status());
            millis(line, ",\"auth_ms\":", admission.nanos());
        }
    }

    /** Where the last exchange went, as text: the next one mostly goes there, too. */
    private static final class Where {
        private final LineBuffer line = new LineBuffer();
        private byte[] text = {};
        private @Nullable String site;
        private @Nullable Route route;
        private @Nullable String backend;
        private @Nullable String server;

        byte[] of(ExchangeRecord exchange) {
            Server last = exchange.server();
            String name = last == null ? null : last.name();
            if (!Objects.equals(site, exchange.site())
                    || !Objects.equals(route, exchange.route())
                    || !Objects.equals(backend, exchange.backend())
                    || !Objects.equals(server, name)) {
                site = exchange.site();
                route = exchange.route();
                backend = exchange.backend();
                server = name;
                line.clear();
                JsonFormat.text(line, ",\"site\":", site);
                JsonFormat.text(line, ",\"route\":", route == null ? null : route.path());
                JsonFormat.text(line, ",\"backend\":", backend);
                JsonFormat.text(line, ",\"server\":", server);
                text = Arrays.copyOf(line.bytes(), line.length());
            }
            return text;
        }
    }

    private static void ending(ExchangeRecord exchange, LineBuffer line) {
        EndedBy endedBy = exchange.endedBy();
        Phase phase = exchange.phase();
        line.ascii(",\"state\":\"");
        State.write(exchange, line);
        line.ascii('"');
        Failure failure = exchange.failure();
        if (phase != Phase.COMPLETE) {
            line.ascii(",\"ended_by\":\"").ascii(endedBy.words());
            line.ascii("\",\"phase\":\"").ascii(phase.words()).ascii('"');
        }
        if (failure != null) {
            line.ascii(",\"reason\":\"").ascii(failure.reason()).ascii('"');
        }
    }

    private static void octets(LineBuffer line, String key, @Nullable String value) {
        if (value != null) {
            line.ascii(key).octets(value, LONGEST);
        }
    }

    private static void text(LineBuffer line, String key, @Nullable String value) {
        if (value != null) {
            line.ascii(key).json(value, LONGEST);
        }
    }

    private static void millis(LineBuffer line, String key, long nanos) {
        if (nanos != ExchangeRecord.NEVER) {
            line.ascii(key).millis(nanos);
        }
    }
}
