package dev.postern.http.h2;

import dev.postern.config.Limits;
import dev.postern.config.Timeouts;
import dev.postern.http.exchange.Budget;
import dev.postern.http.exchange.CertificateShown;
import dev.postern.http.exchange.Client;
import dev.postern.http.exchange.ErrorResponses;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestSteps;
import dev.postern.http.exchange.ResponsePace;
import dev.postern.http.exchange.Turns;
import dev.postern.http.exchange.Worker;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.Fields;
import dev.postern.http.message.Heads;
import dev.postern.http.message.Legible;
import dev.postern.http.message.RawFields;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.Trailers;
import dev.postern.machine.MachineErrors;
import dev.postern.route.FieldEdits;
import dev.postern.wire.ClientConnection;
import dev.postern.wire.ConnectionEnd;
import dev.postern.wire.Endpoints;
import dev.postern.wire.Failure;
import dev.postern.wire.SendQueue;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandler;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's HTTP/2 connection, <a href="https://datatracker.ietf.org/doc/html/rfc9113">RFC 9113</a>: many exchanges at
 * once, each on a stream of its own. Frames go straight to {@link Http2ClientStream}; no stream has a channel. Event loop
 * only.
 *
 * <pre>
 * HEADERS ─► Http2Heads ─► Exchange          DATA ─► Exchange.requestBody, given back to the window once a server takes it
 * ResponseHead ─► HEADERS, parts ─► DATA     a stream that the client does not read pauses its own server only
 * </pre>
 */
public final class Http2ClientConnection extends Http2Wire<Http2ClientStream> implements ClientConnection {
    private static final Logger LOG = LoggerFactory.getLogger(Http2ClientConnection.class);

    /** As HAProxy, nginx and Envoy allow about; a browser opens no more. */
    private static final int MAX_STREAMS = 100;

    /** Resets per {@link #RESET_SECONDS}, the client's and those it provokes (CVE-2023-44487, CVE-2025-8671). */
    private static final int MAX_RESETS = 200;

    private static final int RESET_SECONDS = 30;

    /** Nobody keeps a connection for ever, and what has gathered with it: then the client makes another. */
    private static final int MAX_TOTAL_STREAMS = 10_000;

    /** As long as it takes a client to hear that it should open no more streams. */
    private static final long LEAVE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** For the last words to a client that may not be listening. */
    private static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Worker worker;
    private final RequestSteps steps;
    private final Client client;
    // Netty's own limit counts what the encoder is told to send, not what the handler answers errors with.
    private final Budget provoked = new Budget(MAX_RESETS, RESET_SECONDS);
    private final Budget resets = new Budget(MAX_RESETS, RESET_SECONDS);
    private final EndedStreams ended = new EndedStreams();
    private final Http2Share share;
    /** Where it waits when it has more at hand than its share of a turn. */
    private final Turns.Place place;

    private final List<Http2ClientStream> touched = new ArrayList<>();
    private final SendQueue queue;
    private final ResponsePace pace = new ResponsePace();
    private final ConnectionEnd end;

    private long sinceNanos;
    private boolean reading;
    /** The last response, and those before it, have left the kernel as well. */
    private boolean settled = true;

    private int streams;
    private Phase phase = Phase.OPEN;
    /** When that began. */
    private long phaseNanos;

    /** How far its end is. */
    private enum Phase {
        OPEN,
        /** The client was asked to open no more streams, a moment before those it opens all the same are passed over. */
        ASKED,
        /** It knows which streams are the last; what is under way is still answered. */
        LEAVING,
        /** Nothing is left to be done but closing; the client may not read our GOAWAY. */
        CLOSING
    }

    private Http2ClientConnection(
            Http2Parts parts,
            Http2Settings settings,
            Worker worker,
            RequestSteps steps,
            Client client,
            Channel channel) {
        super(parts, settings, channel);
        this.worker = worker;
        this.sinceNanos = worker.nanos();
        this.steps = steps;
        this.client = client;
        this.share = new Http2Share(worker.turns());
        this.place = worker.turns().place(this::goOn, () -> closeNow(Failure.ByEdge.BUG));
        this.queue = new SendQueue(channel);
        this.end = new ConnectionEnd(channel, queue);
        connection().addListener(new Streams());
        // Also before the client has said that it has heard of it.
        connection().remote().maxActiveStreams(MAX_STREAMS);
    }

    public static Http2ClientConnection of(
            Worker worker, RequestSteps steps, CertificateShown shown, Endpoints endpoints, Channel channel) {
        Client client = worker.client(steps.listener(), shown, endpoints, true, channel);
        Limits limits = worker.routing().limits();
        HeaderBlocks blocks = HeaderBlocks.ofRequests(worker.heads().raw(), limits.head(), limits.headers());
        Http2Settings settings = Http2Settings.defaultSettings()
                .maxConcurrentStreams(MAX_STREAMS)
                .initialWindowSize(Http2Limits.STREAM_WINDOW)
                .headerTableSize(Http2Limits.HEADER_TABLE)
                .maxHeaderListSize(blocks.maxHeaderListSize())
                .connectProtocolEnabled(true);
        FrameBudget budget = FrameBudget.ofClient(channel.eventLoop().ticker());
        return new Http2ClientConnection(
                Http2Parts.of(true, blocks, budget, worker.heads().block()), settings, worker, steps, client, channel);
    }

    /** What has to stand before this in the pipeline: turns its close into the end of our half. */
    public ChannelOutboundHandler halfClose() {
        return new HalfClose(end);
    }

    Heads heads() {
        return worker.heads();
    }

    Client client() {
        return client;
    }

    @Override
    String peer() {
        return "client " + client.text();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        super.handlerAdded(added);
        worker.connections().join(this);
        opensWindow(added);
    }

    // ---- the requests

    @Override
    void wasReset(int id, long errorCode) throws Http2Exception {
        if (!resets.allows(worker.nanos())) {
            throw Http2Exception.connectionError(
                    Http2Error.ENHANCE_YOUR_CALM, "over %d resets in %d s", MAX_RESETS, RESET_SECONDS);
        }
    }

    @Override
    void headers(int id, RawFields fields, boolean endOfStream) throws Http2Exception {
        Http2ClientStream known = stream(id);
        if (known != null) {
            trailers(known, fields);
            return;
        }
        Http2Stream stream = connection().stream(id);
        if (stream == null) {
            return;
        }
        budget().streamBegan();
        if (++streams == MAX_TOTAL_STREAMS) {
            asksToLeave();
        }
        sinceNanos = worker.nanos();
        settled = false;
        Http2ClientStream begun = new Http2ClientStream(this, stream, sinceNanos);
        know(stream, begun);
        if (endOfStream) {
            begun.requestEnded();
        }
        RequestHead head;
        try {
            head = Http2Heads.request(worker.heads(), worker.ids(), fields, endOfStream);
        } catch (BadMessage e) {
            refuse(begun, Http2Heads.legible(fields), e);
            return;
        }
        Exchange exchange = new Exchange(worker, begun, head, sinceNanos, sinceNanos);
        touched.add(begun);
        if (!endOfStream && !head.hasBody() && head.upgrade() == null) {
            // RFC 9113 §8.1.1: with a body it would be malformed, and no server is to have seen it.
            begun.beginsAtEnd(exchange, steps);
            return;
        }
        begun.begins(exchange);
        steps.start(exchange);
        if (endOfStream && head.hasBody()) {
            exchange.requestEnd(null);
        }
    }

    /** What is malformed ends its stream (RFC 9113 §8.1.1); what is beyond a limit is answered. */
    private void refuse(Http2ClientStream stream, Legible legible, BadMessage why) throws Http2Exception {
        String id = worker.ids().next();
        ExchangeRecord refusal = ExchangeRecord.refused(id, client, legible, nanos(), why.failure(), why.detail());
        if (why.failure() == Failure.ByClient.MALFORMED) {
            LOG.debug(
                    "request {}: client {}: {}: {}; stream reset",
                    id,
                    client.text(),
                    why.failure().reason(),
                    why.detail());
            worker.ended(refusal);
            throw Http2Exception.streamError(stream.stream().id(), Http2Error.PROTOCOL_ERROR, "%s", why.detail());
        }
        LocalResponse answer = ErrorResponses.of(why.failure(), id);
        LOG.debug(
                "request {}: client {}: {}: {}; answered {}",
                id,
                client.text(),
                why.failure().reason(),
                why.detail(),
                answer.status());
        worker.ended(refusal.with(answer, worker.nanos()));
        stream.respond(answer, FieldEdits.NONE);
    }

    private void trailers(Http2ClientStream stream, RawFields fields) throws Http2Exception {
        stream.requestEnded();
        Exchange exchange = stream.exchange();
        if (exchange == null) {
            return;
        }
        try {
            Fields trailers = Http2Fields.trailers(
                    worker.heads(), fields, worker.heads().requests().bytes().length, Failure.ByClient.MALFORMED);
            if (trailers != null) {
                Trailers.checkRequest(trailers);
            }
            touched.add(stream);
            ends(stream, exchange, trailers);
        } catch (BadMessage e) {
            LOG.debug(
                    "request {}: client {}: {}: {}; stream reset",
                    exchange.id(),
                    client.text(),
                    e.failure().reason(),
                    e.detail());
            exchange.blame(e.failure());
            throw Http2Exception.streamError(stream.stream().id(), Http2Error.PROTOCOL_ERROR, "%s", e.detail());
        }
    }

    @Override
    int data(int id, ByteBuf data, boolean endOfStream) {
        Http2ClientStream stream = stream(id);
        if (stream == null) {
            return data.readableBytes();
        }
        if (endOfStream) {
            stream.requestEnded();
        }
        int taken = data.isReadable() ? stream.requestBody(data.retain()) : 0;
        Exchange exchange = stream.exchange();
        if (exchange != null) {
            touched.add(stream);
            if (endOfStream) {
                ends(stream, exchange, null);
            }
        }
        return taken;
    }

    private void ends(Http2ClientStream stream, Exchange exchange, @Nullable Fields trailers) {
        exchange.requestEnd(trailers);
        if (stream.startsAtEnd()) {
            steps.start(exchange);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext read, Object message) throws Exception {
        reading = true;
        if (place.isWaiting()) {
            // One read ahead is enough.
            channel().config().setAutoRead(false);
        }
        super.channelRead(read, message);
    }

    /** A frame at a time, for as long as its share of the turn lasts. */
    @Override
    protected void decode(ChannelHandlerContext on, ByteBuf in, List<Object> out) throws Exception {
        int bytes = share.next(in);
        if (bytes > 0) {
            super.decode(on, in.readSlice(bytes), out);
        } else if (share.isOver()) {
            place.waits();
        }
    }

    /** With what came and could not be done in the turn before. */
    private void goOn() {
        share.begins();
        if (channel().isActive()) {
            // Through the whole pipeline behind TLS, as if it had just been read.
            ChannelHandlerContext before = context();
            reading = true;
            try {
                super.channelRead(before, Unpooled.EMPTY_BUFFER);
                channelReadComplete(before);
            } catch (Exception e) {
                before.fireExceptionCaught(e);
            }
            if (!place.isWaiting() && !channel().config().isAutoRead()) {
                channel().config().setAutoRead(true);
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext read) throws Exception {
        reading = false;
        if (!place.isWaiting()) {
            share.begins();
        }
        for (Http2ClientStream stream : touched) {
            Exchange exchange = stream.exchange();
            if (exchange != null) {
                exchange.requestReadComplete();
            }
        }
        touched.clear();
        if (channel().config().isAutoRead()) {
            super.channelReadComplete(read);
        } else {
            // Netty's own would ask for more.
            flush(read);
        }
    }

    // ---- the responses

    /** At the end of the read, where one is under way. */
    @Override
    void flushSoon() {
        if (!reading) {
            super.flushSoon();
        }
    }

    // ---- the end

    private final class Streams extends Http2ConnectionAdapter {
        @Override
        public void onStreamAdded(Http2Stream stream) {
            ended.began(stream.id());
        }

        @Override
        public void onStreamClosed(Http2Stream stream) {
            if (stream.isResetSent()) {
                ended.reset(stream.id());
            }
            sinceNanos = worker.nanos();
            Http2ClientStream mine = forget(stream);
            if (mine != null) {
                mine.closed();
            }
        }
    }

    @Override
    public void handlerRemoved0(ChannelHandlerContext removed) throws Exception {
        worker.connections().leave(this);
        super.handlerRemoved0(removed);
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) throws Exception {
        worker.connections().leave(this);
        super.channelInactive(inactive);
    }

    /**
     * A frame for a stream that is over is what the client sent before it heard of our reset, or a mistake
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-5.1">RFC 9113 §5.1</a>): the former is told once, the
     * latter ends the connection.
     */
    @Override
    protected void onStreamError(
            ChannelHandlerContext on, boolean outbound, Throwable cause, Http2Exception.StreamException error) {
        int id = error.streamId();
        Http2Stream stream = connection().stream(id);
        if (!outbound && error.error() == Http2Error.STREAM_CLOSED && stream == null) {
            switch (ended.late(id)) {
                case FIRST -> super.onStreamError(on, false, cause, error);
                case AGAIN -> {
                    LOG.debug("client {}: stream {}: late frame", client.text(), id);
                    late(on);
                }
                case NEVER -> {
                    Http2Error code = ended.wasSkipped(id) ? Http2Error.PROTOCOL_ERROR : Http2Error.STREAM_CLOSED;
                    onError(on, false, Http2Exception.connectionError(code, "frame for stream %d, which is over", id));
                }
            }
            return;
        }
        if (!outbound && !provoked.allows(worker.nanos())) {
            Http2Exception enough = Http2Exception.connectionError(
                    Http2Error.ENHANCE_YOUR_CALM, "over %d stream errors in %d s", MAX_RESETS, RESET_SECONDS);
            onError(on, false, enough);
            return;
        }
        Http2ClientStream mine = known(stream);
        if (!outbound
                && error.error() == Http2Error.PROTOCOL_ERROR
                && mine != null
                && mine.hasBegun()
                && stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE) {
            // Whatever else is wrong with it: nothing may come any more.
            reset(stream, Http2Error.STREAM_CLOSED);
            return;
        }
        super.onStreamError(on, outbound, cause, error);
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext on, boolean outbound, Throwable cause, @Nullable Http2Exception http2) {
        MachineErrors.check(cause);
        if (http2 != null) {
            LOG.debug("client {}: HTTP/2: {}; connection closed", client.text(), http2.getMessage());
        } else {
            LOG.debug("client {}: HTTP/2: {}; connection closed", client.text(), cause.toString());
        }
        if (http2 != null) {
            blame(Failure.ByClient.MALFORMED);
        }
        closing();
        super.onConnectionError(on, outbound, cause, http2);
    }

    @Override
    void broke() {
        closeNow(Failure.ByEdge.BUG);
    }

    @Override
    public boolean isIdle() {
        return connection().numActiveStreams() == 0 && !end.lingers();
    }

    @Override
    public long idleNanos(long now) {
        return now - sinceNanos;
    }

    /** Of HTTP/2 that is the decoder's alone; a connection is idle meanwhile. */
    @Override
    public boolean isInHead() {
        return false;
    }

    @Override
    public void putOut() {
        closing();
        closeIdle();
    }

    private void closing() {
        if (phase != Phase.CLOSING) {
            enter(Phase.CLOSING);
        }
    }

    private void enter(Phase next) {
        phase = next;
        phaseNanos = worker.nanos();
    }

    @Override
    public void checkTimeouts(long now) {
        Timeouts timeouts = worker.routing().timeouts();
        if (end.lingers()) {
            boolean taking = !queue.isEmpty();
            if (taking) {
                checkPace(now, timeouts.response());
            }
            end.checkLinger(now, taking, worker.isDraining());
            return;
        }
        if (phase == Phase.CLOSING) {
            if (now - phaseNanos > CLOSE_NANOS) {
                resetAll(Failure.ByClient.RESPONSE_NOT_TAKEN);
            }
            return;
        }
        if (phase == Phase.ASKED && now - phaseNanos > LEAVE_NANOS) {
            goAway(connection().remote().lastStreamCreated());
            enter(Phase.LEAVING);
            closeIdle();
        }
        if (isIdle()) {
            if (!settled && !queue.isEmpty()) {
                sinceNanos = now;
                checkPace(now, timeouts.response());
                return;
            }
            settled = true;
            // PINGs and the like are no reason to stay.
            long longest = (streams > 0 ? timeouts.keepAlive() : timeouts.requestHead()).toNanos();
            if (!holdsBytes() && now - sinceNanos > longest) {
                closing();
                closeIdle();
            }
            return;
        }
        List<Http2ClientStream> open = openStreams();
        boolean clogged = queue.held() > 0;
        open.forEach(stream -> stream.checkTimeouts(now, timeouts.response(), clogged));
        // Its window or the connection, that is the same here: a client could change from one to the other for ever.
        if (open.stream().anyMatch(stream -> stream.isOwed(clogged))) {
            checkPace(now, timeouts.response());
        } else {
            pace.nothingOwed();
        }
    }

    /** Whether something has come that waits for its turn: nobody but us is to blame for how long that takes. */
    boolean holdsBytes() {
        return place.isWaiting();
    }

    private void checkPace(long now, Duration timeout) {
        Failure.ByClient fault = pace.check(now, timeout, queue.taken(), true);
        if (fault != null) {
            resetAll(fault);
        }
    }

    private void resetAll(Failure.ByClient why) {
        LOG.debug("client {}: {}: reset with responses on their way", client.text(), why.reason());
        blame(why);
        end.reset();
    }

    /** A part of a response has left us. */
    void left(int bytes) {
        queue.alsoLeft(bytes);
    }

    private List<Http2ClientStream> openStreams() {
        List<Http2ClientStream> open = new ArrayList<>(connection().numActiveStreams());
        try {
            connection().forEachActiveStream(stream -> {
                Http2ClientStream mine = known(stream);
                if (mine != null) {
                    open.add(mine);
                }
                return true;
            });
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
        return open;
    }

    /** Whatever is under way ends because of {@code why}. */
    private void blame(Failure why) {
        for (Http2ClientStream stream : openStreams()) {
            Exchange exchange = stream.exchange();
            if (exchange != null) {
                exchange.blame(why);
            }
        }
    }

    /** A GOAWAY that refuses nothing yet: what is on its way, be all idle here, is still answered (RFC 9113 §6.8). */
    private void asksToLeave() {
        if (phase == Phase.OPEN) {
            enter(Phase.ASKED);
        }
        goAway(Integer.MAX_VALUE);
    }

    private void goAway(int lastStream) {
        ChannelHandlerContext to = context();
        goAway(to, lastStream, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, to.newPromise())
                .addListener(this::observed);
        flushSoon();
    }

    @Override
    public void drain() {
        if (phase == Phase.OPEN) {
            asksToLeave();
        }
    }

    /** Sends GOAWAY, lets the streams under way end, then closes. */
    @Override
    public void closeIdle() {
        channel().close().addListener(this::observed);
    }

    @Override
    public void closeNow(Failure why) {
        blame(why);
        if (end.lingers()) {
            end.leave();
            return;
        }
        closeContext();
    }
}
