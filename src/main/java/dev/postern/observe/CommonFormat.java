package dev.postern.observe;

import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.tunnel.PassageRecord;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * The common log format of the NCSA server, and the combined one, which adds referrer and browser: what every analyser
 * of logs reads.
 *
 * <pre>
 * 203.0.113.7 - - [28/Nov/2026:09:30:23 +0000] "GET /a?b=c HTTP/2.0" 200 5124 "https://example.com/" "curl/8.5.0"
 * </pre>
 */
final class CommonFormat implements LineFormat {
    private final Moment moment;
    private final ClientText clients = new ClientText();
    private final boolean combined;
    private final boolean query;

    CommonFormat(InstantSource clock, boolean combined, boolean query) {
        this.moment = new Moment(clock, Moment.COMMON);
        this.combined = combined;
        this.query = query;
    }

    @Override
    public void write(ExchangeRecord exchange, LineBuffer line) {
        line.ascii(clients.of(exchange.clientAddress())).ascii(" - - [");
        line.ascii(moment.second(exchange.totalTime())).ascii("] \"");
        String method = exchange.method();
        String target = exchange.target();
        String protocol = exchange.protocol();
        if (method == null || target == null || protocol == null) {
            line.ascii('-');
        } else {
            line.quotedText(method, JsonFormat.LONGEST).ascii(' ');
            line.quotedText(query ? target : JsonFormat.path(target), JsonFormat.LONGEST)
                    .ascii(' ');
            line.ascii(protocol);
        }
        line.ascii("\" ");
        if (exchange.status() == 0) {
            line.ascii('-');
        } else {
            line.number(exchange.status());
        }
        line.ascii(' ').number(exchange.bytesOut());
        if (combined) {
            quoted(line, exchange.referer());
            quoted(line, exchange.userAgent());
        }
    }

    /** In the place of the request, the service and its port: {@code "TCP postgres:5432"}. */
    @Override
    public void write(PassageRecord passage, LineBuffer line) {
        line.ascii(clients.of(passage.endpoints().client().getAddress())).ascii(" - - [");
        line.ascii(moment.second(passage.totalTime())).ascii("] \"TCP ");
        line.quotedText(passage.service(), JsonFormat.LONGEST).ascii(':');
        line.number(passage.endpoints().local().getPort()).ascii("\" - ").number(passage.bytesOut());
        if (combined) {
            quoted(line, null);
            quoted(line, null);
        }
    }

    private static void quoted(LineBuffer line, @Nullable String text) {
        line.ascii(" \"")
                .quotedText(text == null ? "-" : text, JsonFormat.LONGEST)
                .ascii('"');
    }
}
