package dev.postern.http.h1;

import dev.postern.config.Durations;
import dev.postern.config.Timeouts;
import dev.postern.http.exchange.BreakOff;
import dev.postern.http.exchange.CertificateShown;
import dev.postern.http.exchange.Client;
import dev.postern.http.exchange.ClientStream;
import dev.postern.http.exchange.ErrorResponses;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestSteps;
import dev.postern.http.exchange.ResponsePace;
import dev.postern.http.exchange.Worker;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.Fields;
import dev.postern.http.message.Legible;
import dev.postern.http.message.MessageDecoder;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import dev.postern.http.message.Trailers;
import dev.postern.machine.MachineErrors;
import dev.postern.route.FieldEdits;
import dev.postern.wire.ClientConnection;
import dev.postern.wire.ConnectionEnd;
import dev.postern.wire.Endpoints;
import dev.postern.wire.Failure;
import dev.postern.wire.SendQueue;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A client's HTTP/1 connection: one exchange after another, in order. While one is under way, what the client sends
 * ahead is held back, and soon not even read. Event loop only.
 */
public final class Http1ClientConnection extends ChannelInboundHandlerAdapter
        implements ClientConnection, ClientStream, MessageDecoder.Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(Http1ClientConnection.class);

    private enum Phase {
        /** Nothing of the next request has come. */
        IDLE,
        /** The first head is due, or a part of the next one has come. */
        HEAD,
        EXCHANGE,
        /** The last answer is being written; nothing is decoded any more. */
        FINISHING,
        /** Everything is written; reads on for a while, so that a reset does not overtake the answer. */
        LINGER,
        CLOSED
    }

    private final Worker worker;
    private final RequestSteps steps;
    private final Channel channel;
    private final Client info;
    private final MessageDecoder decoder;
    private final ResponseWriter writer;
    private final SendQueue queue;
    private final ResponsePace pace = new ResponsePace();
    private final ConnectionEnd end;
    private final Http1Share share;

    private @Nullable RequestHead head;
    private @Nullable Exchange exchange;
    private Phase phase = Phase.HEAD;
    private long phaseNanos;
    /** When the first byte of the head came; 0 before the first one of all. */
    private long headNanos;
    /** The last response, and those before it, have left the kernel as well. */
    private boolean settled = true;

    private boolean started;
    private boolean decoding;
    /** The connection stays after this exchange. */
    private boolean keepAlive;
    /** The client means to go on after this exchange: it may be sending already. */
    private boolean clientGoesOn;

    /**
     * Serves the client of {@code channel}; to be added as the last handler of its pipeline.
     *
     * @param shown null on a plaintext connection
     */
    public Http1ClientConnection(
            Worker worker, RequestSteps steps, @Nullable CertificateShown shown, Endpoints endpoints, Channel channel) {
        this.worker = worker;
        this.phaseNanos = worker.nanos();
        this.steps = steps;
        this.channel = channel;
        this.info = worker.client(steps.listener(), shown, endpoints, false, channel);
        this.queue = new SendQueue(channel);
        this.end = new ConnectionEnd(channel, queue);
        this.share = new Http1Share(worker.turns(), channel, this::myTurn, () -> closeNow(Failure.ByEdge.BUG));
        this.writer = new ResponseWriter(channel, worker.heads().writer());
        this.decoder = new MessageDecoder(
                this, worker.heads().requests(), Failure.ByClient.MALFORMED, Failure.ByClient.HEAD_TOO_LARGE);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        worker.connections().join(this);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        worker.connections().leave(this);
    }

    // ---- the request

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (phase == Phase.FINISHING || phase == Phase.LINGER || phase == Phase.CLOSED) {
            bytes.release();
            return;
        }
        if (share.isOver()) {
            share.keep(bytes);
        } else {
            take(bytes);
        }
    }

    private void take(ByteBuf bytes) {
        if (phase == Phase.IDLE) {
            enter(Phase.HEAD);
        } else if (headNanos == 0) {
            headNanos = worker.nanos();
        }
        decode(bytes);
    }

    /** With what came, or was held back, and could not be done in the turn before. */
    private void myTurn(@Nullable ByteBuf bytes) {
        if (bytes == null) {
            if (phase == Phase.IDLE) {
                goOn();
            }
        } else if (phase == Phase.FINISHING || phase == Phase.LINGER || phase == Phase.CLOSED) {
            bytes.release();
        } else {
            take(bytes);
        }
        if (exchange != null) {
            exchange.requestReadComplete();
        }
    }

    /**
     * Decodes what came, or what was held back. An exchange starts once everything at hand has been decoded: a request
     * whose first bytes are fine and whose next are not never reaches a server.
     */
    private void decode(@Nullable ByteBuf bytes) {
        decoding = true;
        try {
            if (bytes == null) {
                decoder.decode();
            } else {
                decoder.decode(channel.alloc(), bytes);
            }
            startExchange();
            while (phase == Phase.IDLE && decoder.holdsBytes() && share.hasMore()) {
                enter(Phase.HEAD);
                decoder.decode();
                startExchange();
            }
        } catch (BadMessage e) {
            reject(e.failure(), e.detail());
        } finally {
            decoding = false;
        }
        if (decoder.holdsNextMessage() && (phase == Phase.EXCHANGE || !channel.isWritable())) {
            // Sends ahead of the exchange under way, or without taking the answers: not read from until that is over.
            pauseRequest();
        }
    }

    private void startExchange() {
        if (exchange != null && !started) {
            started = true;
            steps.start(exchange);
        }
    }

    @Override
    public boolean readyForHead() {
        // A client that sends requests and reads no responses would have us keep them all.
        return phase == Phase.HEAD && channel.isWritable();
    }

    @Override
    public int head(byte[] bytes, int to) throws BadMessage {
        RequestHead parsed =
                worker.heads().parser().request(bytes, to, 0, worker.routing().calledUs(info));
        if (parsed == null) {
            return -1;
        }
        head = parsed;
        return parsed.length();
    }

    @Override
    public long begin() {
        RequestHead request = Objects.requireNonNull(head, "head");
        // The exchange's from here on: a connection that waits keeps nothing of its last request.
        head = null;
        enter(Phase.EXCHANGE);
        writer.answers(request);
        keepAlive = request.keepsAlive();
        clientGoesOn = keepAlive;
        started = false;
        settled = false;
        exchange = new Exchange(worker, this, request, headNanos, phaseNanos);
        return request.contentLength();
    }

    @Override
    public void body(ByteBuf part) {
        if (exchange == null) {
            part.release();
        } else {
            exchange.requestBody(part);
        }
    }

    @Override
    public void end(@Nullable Fields trailers) throws BadMessage {
        if (trailers != null) {
            Trailers.checkRequest(trailers);
        }
        if (exchange != null) {
            exchange.requestEnd(trailers);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        share.readComplete();
        if (exchange != null) {
            exchange.requestReadComplete();
        }
    }

    private void reject(Failure failure, String detail) {
        keepAlive = false;
        if (exchange != null) {
            exchange.fail(failure, detail);
            return;
        }
        String id = worker.ids().next();
        LocalResponse answer = ErrorResponses.of(failure, id);
        boolean told = failure.fault() != Failure.Fault.CLIENT
                && worker.warnings().tells("no backend", failure, worker.nanos());
        LOG.atLevel(told ? Level.WARN : Level.DEBUG)
                .log(
                        "request {}: client {}: {}: {}; answered {}",
                        id,
                        info.text(),
                        failure.reason(),
                        detail,
                        answer.status());
        writer.answers(null);
        settled = false;
        writer.local(answer, worker.heads().date(), false, FieldEdits.NONE);
        worker.ended(refusal(id, failure, detail).with(answer, worker.nanos()));
        finish(true);
    }

    private ExchangeRecord refusal(String id, Failure failure, String detail) {
        byte[] scratch = worker.heads().requests().bytes();
        return ExchangeRecord.refused(id, info, Legible.of(scratch, decoder.peek(scratch)), headNanos, failure, detail);
    }

    // ---- the response

    @Override
    public Client info() {
        return info;
    }

    @Override
    public void interim(ResponseHead interim) {
        writer.interim(interim);
    }

    @Override
    public void response(ResponseHead response, long bodyLength, FieldEdits edits) {
        // Answered before the whole request has come: what is left of it cannot be told from the next one.
        keepAlive &= writer.canKeepAlive(bodyLength) && isRequestComplete() && !worker.isDraining();
        writer.head(response, bodyLength, worker.heads().date(), keepAlive, edits);
    }

    @Override
    public void responseBody(ByteBuf part) {
        if (phase == Phase.EXCHANGE) {
            writer.body(part);
        } else {
            part.release();
        }
    }

    @Override
    public void responseEnd(@Nullable Fields trailers) {
        writer.end(trailers);
        exchangeOver();
    }

    @Override
    public void respond(LocalResponse response, FieldEdits edits) {
        keepAlive &= isRequestComplete() && !worker.isDraining();
        writer.local(response, worker.heads().date(), keepAlive, edits);
        exchangeOver();
        flush();
    }

    @Override
    public void isLast() {
        keepAlive = false;
    }

    private boolean isRequestComplete() {
        return exchange != null && exchange.isRequestComplete();
    }

    private void exchangeOver() {
        boolean complete = isRequestComplete();
        exchange = null;
        if (phase != Phase.EXCHANGE) {
            return;
        }
        // Where a drain began behind the head of the response the client was not told to go: it may be asking already.
        if (!keepAlive || !complete) {
            finish(!complete || clientGoesOn || decoder.holdsBytes());
            return;
        }
        enter(Phase.IDLE);
        resumeRequest();
        goOn();
    }

    /** With what the client sent ahead, if it takes what it is sent. */
    private void goOn() {
        if (!decoding && decoder.holdsBytes() && channel.isWritable() && share.hasMore()) {
            enter(Phase.HEAD);
            decode(null);
        }
    }

    @Override
    public void flush() {
        writer.flush();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!channel.isWritable()) {
            return;
        }
        queue.alsoLeft(channel.config().getWriteBufferLowWaterMark());
        if (exchange != null) {
            exchange.clientWritable();
        } else if (phase == Phase.IDLE || phase == Phase.HEAD) {
            resumeRequest();
            goOn();
        }
    }

    @Override
    public void pauseRequest() {
        share.reads(false);
    }

    @Override
    public void resumeRequest() {
        share.reads(true);
    }

    @Override
    public void switchProtocols(ResponseHead switching) {
        writer.switching(switching, exchange == null ? null : exchange.request());
        keepAlive = false;
        clientGoesOn = false;
        resumeRequest();
        try {
            decoder.pass();
        } catch (BadMessage e) {
            // Bytes that mean nothing to us cannot be malformed.
            throw new IllegalStateException(e);
        }
        channel.flush();
    }

    // ---- the end

    /** Writes what is left and closes. */
    private void finish(boolean clientMaySend) {
        enter(Phase.FINISHING);
        decoder.close();
        end.afterWriting(clientMaySend, this::linger);
    }

    private void linger() {
        if (phase == Phase.FINISHING) {
            enter(Phase.LINGER);
        }
    }

    @Override
    public void abort(BreakOff why) {
        exchange = null;
        enter(Phase.FINISHING);
        decoder.close();
        end.reset();
    }

    /** {@code Connection: close} goes with the next response. */
    @Override
    public void drain() {}

    @Override
    public void closeIdle() {
        finish(false);
    }

    @Override
    public void closeNow(Failure why) {
        if (exchange != null) {
            exchange.endWithClient(why);
        }
        end.now();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        boolean midHead = phase == Phase.HEAD && decoder.holdsBytes();
        phase = Phase.CLOSED;
        Exchange current = exchange;
        exchange = null;
        if (current != null) {
            current.clientGone();
        } else if (midHead) {
            worker.ended(refusal(worker.ids().next(), Failure.ByClient.GONE, ""));
        }
        decoder.close();
        writer.close();
        share.close();
        worker.connections().leave(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        MachineErrors.check(cause);
        LOG.debug("client {}: {}", info.text(), cause.toString());
        end.now();
    }

    // ---- time

    private void enter(Phase next) {
        phase = next;
        phaseNanos = worker.nanos();
        if (next == Phase.HEAD) {
            headNanos = phaseNanos;
        }
    }

    @Override
    public boolean isIdle() {
        return phase == Phase.IDLE || (phase == Phase.HEAD && !decoder.holdsBytes());
    }

    @Override
    public boolean isInHead() {
        return phase == Phase.HEAD && decoder.holdsBytes();
    }

    @Override
    public void putOut() {
        if (isInHead() && channel.isWritable()) {
            reject(Failure.ByEdge.OUT_OF_RESOURCES, "memory is short");
        } else {
            end.now();
        }
    }

    /** Whether a request is being answered. */
    public boolean isInExchange() {
        return phase == Phase.EXCHANGE;
    }

    @Override
    public long idleNanos(long now) {
        return now - phaseNanos;
    }

    @Override
    public void checkTimeouts(long now) {
        Timeouts timeouts = worker.routing().timeouts();
        switch (phase) {
            case IDLE -> {
                if (isTaking(now, timeouts.response())) {
                    phaseNanos = now;
                } else if (!share.holdsBytes()
                        && now - phaseNanos > timeouts.keepAlive().toNanos()) {
                    end.now();
                }
            }
            case HEAD -> {
                if (isTaking(now, timeouts.response()) && !readyForHead()) {
                    // Whatever it sent, it is not read.
                    phaseNanos = now;
                } else if (!share.holdsBytes()
                        && now - phaseNanos > timeouts.requestHead().toNanos()) {
                    headTimedOut(timeouts);
                }
            }
            case EXCHANGE -> {
                Exchange current = exchange;
                if (current != null && current.isFinished()) {
                    // It was answered, and that failed: nothing more would come of it.
                    LOG.error(
                            "client {}: bug: request {} has ended, and its connection does not know",
                            info.text(),
                            current.id());
                    end.now();
                } else if (current != null) {
                    checkPace(current, now, timeouts.response());
                    if (!share.holdsBytes()) {
                        current.checkTimeouts(now);
                    }
                }
            }
            case FINISHING -> {
                if (isTaking(now, timeouts.response())) {
                    phaseNanos = now;
                } else if (now - phaseNanos > timeouts.response().toNanos()) {
                    end.now();
                }
            }
            case LINGER -> end.checkLinger(now, isTaking(now, timeouts.response()), worker.isDraining());
            case CLOSED -> {}
        }
    }

    /** The kernel's part counts once the exchange is over: until then the server may have as little time as the client. */
    private void checkPace(Exchange current, long now, Duration timeout) {
        if (queue.held() == 0 || current.isTunnel()) {
            pace.nothingOwed();
            return;
        }
        Failure.ByClient fault = pace.check(now, timeout, queue.taken(), true);
        if (fault != null) {
            current.fail(fault, "timeouts.response: client takes too little of the response");
        }
    }

    /** Whether the client has responses to take yet; ends the connection where it takes too long. */
    private boolean isTaking(long now, Duration timeout) {
        if (settled) {
            return false;
        }
        if (queue.isEmpty()) {
            settled = true;
            pace.nothingOwed();
            return false;
        }
        Failure.ByClient fault = pace.check(now, timeout, queue.taken(), true);
        if (fault != null) {
            LOG.debug("client {}: {}: reset with responses on their way", info.text(), fault.reason());
            end.reset();
        }
        return true;
    }

    private void headTimedOut(Timeouts timeouts) {
        if (decoder.holdsBytes() && channel.isWritable()) {
            reject(
                    Failure.ByClient.HEAD_TIMEOUT,
                    "timeouts.request-head: not complete after " + Durations.text(timeouts.requestHead()));
        } else {
            end.now();
        }
    }
}
