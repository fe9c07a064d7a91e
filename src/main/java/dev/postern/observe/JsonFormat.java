package dev.postern.observe;

import dev.postern.backend.Server;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.route.Route;
import dev.postern.tunnel.PassageRecord;
import dev.postern.wire.ClientCertificate;
import dev.postern.wire.EndedBy;
import dev.postern.wire.Failure;
import dev.postern.wire.Phase;
import java.net.InetAddress;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** One JSON object for each exchange; what does not apply to it is left out. README.md has the table of its fields. */
final class JsonFormat implements LineFormat {
    /** Octets of a text that a client chose: enough for every honest one, and a bound for the others. */
    static final int LONGEST = 4096;

    private final Moment moment;
    private final ClientText clients = new ClientText();
    private final boolean query;

    JsonFormat(InstantSource clock, boolean query) {
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
        text(line, ",\"method\":", exchange.method());
        text(line, ",\"host\":", exchange.host());
        String target = exchange.target();
        text(line, ",\"target\":", target == null || query ? target : path(target));
        text(line, ",\"protocol\":", exchange.protocol());
        text(line, ",\"tls\":", exchange.tlsVersion());
        text(line, ",\"cipher\":", exchange.tlsCipher());
        certificate(exchange.certificate(), line);
        line.ascii(",\"status\":").number(exchange.status());
        line.ascii(",\"bytes_in\":").number(exchange.bytesIn());
        line.ascii(",\"bytes_out\":").number(exchange.bytesOut());
        where(exchange, line);
        ending(exchange, line);
        millis(line, ",\"head_ms\":", exchange.headTime());
        millis(line, ",\"queue_ms\":", exchange.queueTime());
        millis(line, ",\"connect_ms\":", exchange.connectTime());
        millis(line, ",\"response_ms\":", exchange.responseTime());
        millis(line, ",\"total_ms\":", exchange.totalTime());
        text(line, ",\"referer\":", exchange.referer());
        text(line, ",\"user_agent\":", exchange.userAgent());
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
        line.ascii(",\"state\":\"").ascii(endedBy.letter()).ascii(phase.letter());
        line.ascii(server == null ? '-' : 'N')
                .ascii(passage.retries() > 0 ? 'r' : '-')
                .ascii('"');
        line.ascii(",\"ended_by\":\"").ascii(endedBy.words());
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
        int millis = moment.millis();
        line.ascii((char) ('0' + millis / 100)).ascii((char) ('0' + millis / 10 % 10));
        line.ascii((char) ('0' + millis % 10)).ascii("Z\",\"id\":\"").ascii(id);
        line.ascii("\",\"client\":\"").ascii(clients.of(client)).ascii('"');
    }

    private static void certificate(@Nullable ClientCertificate shown, LineBuffer line) {
        if (shown != null) {
            text(line, ",\"client_verification\":", shown.verification());
            text(line, ",\"client_subject\":", shown.subject());
            text(line, ",\"client_fingerprint\":", shown.fingerprint());
        }
    }

    private static void where(ExchangeRecord exchange, LineBuffer line) {
        text(line, ",\"site\":", exchange.site());
        Route route = exchange.route();
        if (route != null) {
            text(line, ",\"route\":", route.path());
        }
        text(line, ",\"backend\":", exchange.backend());
        Server server = exchange.server();
        if (server != null) {
            text(line, ",\"server\":", server.name());
            line.ascii(",\"retries\":").number(exchange.retries());
            line.ascii(",\"reused\":").ascii(exchange.reusedConnection() ? "true" : "false");
        }
    }

    private static void ending(ExchangeRecord exchange, LineBuffer line) {
        EndedBy endedBy = exchange.endedBy();
        Phase phase = exchange.phase();
        line.ascii(",\"state\":\"").ascii(endedBy.letter()).ascii(phase.letter());
        line.ascii(exchange.server() == null ? '-' : exchange.reusedConnection() ? 'R' : 'N');
        line.ascii(exchange.retries() > 0 ? 'r' : '-').ascii('"');
        Failure failure = exchange.failure();
        if (phase != Phase.COMPLETE) {
            line.ascii(",\"ended_by\":\"").ascii(endedBy.words());
            line.ascii("\",\"phase\":\"").ascii(phase.words()).ascii('"');
        }
        if (failure != null) {
            line.ascii(",\"reason\":\"").ascii(failure.reason()).ascii('"');
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
