package dev.postern.http.exchange;

import dev.postern.config.ClientCertificates;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RequestHead;
import dev.postern.route.FieldEdits;
import dev.postern.route.Route;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a request anew for an HTTP/1.1 server. What it does not write does not get through. */
public final class RequestWriter {
    private static final Logger LOG = LoggerFactory.getLogger(RequestWriter.class);

    private static final byte[] VERSION = HeadWriter.constant(" HTTP/1.1\r\n");
    private static final byte[] CONTENT_LENGTH = HeadWriter.constant("Content-Length: ");
    private static final byte[] HOST = HeadWriter.constant("Host: ");
    private static final byte[] CHUNKED = HeadWriter.constant("Transfer-Encoding: chunked\r\n");
    private static final byte[] UPGRADE = HeadWriter.constant("Connection: Upgrade\r\nUpgrade: ");
    private static final byte[] TE_TRAILERS = HeadWriter.constant("Connection: TE\r\nTE: trailers\r\n");
    private static final byte[] TRACEPARENT = HeadWriter.constant("traceparent: ");
    private static final byte[] TRACESTATE = HeadWriter.constant("tracestate: ");
    private static final byte[] EXPECT = HeadWriter.constant("Expect: 100-continue\r\n");

    private RequestWriter() {}

    public static ByteBuf write(HeadWriter out, ByteBufAllocator allocator, OutgoingRequest outgoing) {
        return compose(out, outgoing).end(allocator);
    }

    /** Leaves the head in {@code out}, for whoever puts it into yet another form. */
    public static HeadWriter compose(HeadWriter out, OutgoingRequest outgoing) {
        RequestHead head = outgoing.request();
        Client client = outgoing.client();
        Route route = outgoing.route();
        FieldEdits edits =
                route == null ? FieldEdits.NONE : route.requestEdits().filled(outgoing::variable);
        Fields fields = head.fields();
        out.begin().bytes(fields.bytes(), head.methodFrom(), head.methodTo()).byteOf(' ');
        head.target().write(out, route).bytes(VERSION);
        boolean named = !head.connection().named().isEmpty();
        int leftOut = 0;
        String host = outgoing.sentHost();
        Trace trace = outgoing.trace();
        for (int i = 0; i < fields.count(); i++) {
            int name = fields.name(i);
            if (host != null && name == FieldName.HOST) {
                out.bytes(HOST).text(host).crlf();
                continue;
            }
            if (name == FieldName.TOLD) {
                out.field(fields, i);
                continue;
            }
            if (trace != null && (name == FieldName.TRACEPARENT || name == FieldName.TRACESTATE)) {
                continue;
            }
            if (isHopByHop(name)
                    || (named && !isVital(name) && head.connection().names(fields, i))
                    || edits.removes(fields.bytes(), fields.nameFrom(i), fields.nameTo(i))) {
                continue;
            }
            if (!ForwardedHeaders.removes(name, client.isTrusted()) || isKept(route, fields, i)) {
                out.field(fields, i);
            } else if (ForwardedHeaders.mayBeKept(name)) {
                leftOut++;
            }
        }
        if (leftOut > 0) {
            outgoing.leavesOut(leftOut);
            if (LOG.isDebugEnabled()) {
                LOG.debug(
                        "request {}: client {}: headers left out for their names, as keep-header-names has none of them:"
                                + " {}",
                        outgoing.id(),
                        client.text(),
                        leftOut(fields, route, client.isTrusted()));
            }
        }
        out.fields(edits);
        ClientCertificates ofClients = route == null ? null : route.settings().clientCertificates();
        if (ofClients != null) {
            ClientFacts.write(out, ofClients, client.certificate());
        }
        if (head.isChunked()) {
            out.bytes(CHUNKED);
        } else if (head.hasContentLength()) {
            out.bytes(CONTENT_LENGTH).number(head.contentLength()).crlf();
        } else if (head.meansBody()) {
            out.bytes(CONTENT_LENGTH).number(0).crlf();
        }
        String upgrade = head.upgrade();
        if (upgrade != null) {
            out.bytes(UPGRADE).text(upgrade).crlf();
        } else if (acceptsTrailers(head)) {
            out.bytes(TE_TRAILERS);
        }
        if (head.expectsContinue()) {
            out.bytes(EXPECT);
        }
        if (trace != null) {
            out.bytes(TRACEPARENT).bytes(trace.traceparent()).crlf();
            if (trace.state() != null) {
                out.bytes(TRACESTATE).text(trace.state()).crlf();
            }
        }
        ForwardedHeaders.write(out, outgoing);
        return out.crlf();
    }

    /** The names of the fields that do not reach the server, for their names alone; for the log. */
    private static String leftOut(Fields fields, @Nullable Route route, boolean trusted) {
        StringJoiner names = new StringJoiner(", ");
        for (int i = 0; i < fields.count(); i++) {
            int name = fields.name(i);
            if (ForwardedHeaders.mayBeKept(name)
                    && ForwardedHeaders.removes(name, trusted)
                    && !isKept(route, fields, i)) {
                names.add(fields.text(fields.nameFrom(i), fields.nameTo(i)));
            }
        }
        return names.toString();
    }

    private static boolean isKept(@Nullable Route route, Fields fields, int field) {
        return route != null
                && ForwardedHeaders.mayBeKept(fields.name(field))
                && route.keeps(fields.bytes(), fields.nameFrom(field), fields.nameTo(field));
    }

    /** Fields that concern this hop only, or that are written anew; <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-7.6.1">RFC 9110 §7.6.1</a>. */
    private static boolean isHopByHop(int name) {
        return switch (name) {
            case FieldName.CONTENT_LENGTH,
                    FieldName.TRANSFER_ENCODING,
                    FieldName.CONNECTION,
                    FieldName.KEEP_ALIVE,
                    FieldName.PROXY_CONNECTION,
                    FieldName.PROXY_AUTHORIZATION,
                    FieldName.PROXY,
                    FieldName.TE,
                    FieldName.UPGRADE,
                    FieldName.EXPECT -> true;
            default -> false;
        };
    }

    /** Fields that a server decides by: naming them in {@code Connection} does not take them away. */
    private static boolean isVital(int name) {
        return name == FieldName.HOST || ForwardedHeaders.tells(name);
    }

    private static boolean acceptsTrailers(RequestHead head) {
        Fields fields = head.fields();
        int te = head.connection().te() && head.minorVersion() == 1 ? fields.find(FieldName.TE) : -1;
        return te >= 0
                && FieldName.equalsIgnoreCase(fields.bytes(), fields.valueFrom(te), fields.valueTo(te), "trailers");
    }
}
