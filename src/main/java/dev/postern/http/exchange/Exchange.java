package dev.postern.http.exchange;

import dev.postern.balance.LoadBalancer;
import dev.postern.config.Durations;
import dev.postern.config.Timeouts;
import dev.postern.config.Tolerance;
import dev.postern.config.Variable;
import dev.postern.http.coding.ResponseCompression;
import dev.postern.http.coding.ResponseStage;
import dev.postern.http.message.Fields;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import dev.postern.http.message.Told;
import dev.postern.http.message.Trailers;
import dev.postern.route.FieldEdits;
import dev.postern.route.Route;
import dev.postern.tunnel.Tunnel;
import dev.postern.wire.EndedBy;
import dev.postern.wire.Failure;
import dev.postern.wire.Failure.ByClient;
import dev.postern.wire.Failure.ByEdge;
import dev.postern.wire.Failure.ByServer;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and its response. Lives on the event loop of its client connection, and so does the server connection it
 * uses. Ends exactly once: answered, forwarded to the end, or broken off.
 */
public final class Exchange implements OutgoingRequest, ResponseReceiver {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    /** How much of a body is read from the client before a server takes it. */
    private static final int MAX_UNSENT = 64 * 1024;

    /** Servers that send more interim responses than this are broken or hostile; real ones send one or two. */
    private static final int MAX_INTERIM = 10;

    private enum Response {
        NOTHING,
        INTERIM,
        STARTED
    }

    private final Worker worker;
    private final ClientStream client;
    private final ExchangeRecord record;
    /** As the client sent it; once its backend is known, as a server is sent it. */
    private RequestHead request;

    private final Routing routing;
    private final RequestBody body = new RequestBody();
    /** Those of the route, once it is known. */
    private Timeouts timeouts;

    private long maxBody = Long.MAX_VALUE;

    private @Nullable RetryLadder ladder;
    private @Nullable PriorQuestion prior;

    private @Nullable ServerStream server;
    private ResponseStage stage = ResponseStage.NONE;
    /** Once bytes go back and forth as they are. */
    private @Nullable Tunnel tunnel;

    private boolean endSent;
    private Response response = Response.NOTHING;
    private byte interim;
    private boolean requestPaused;
    private boolean responsePaused;
    private boolean finished;
    /** What a client that knows it is told of a response that ends in the middle. */
    private BreakOff brokenOff = BreakOff.FAILED;

    /** When a byte last moved towards or from the server. */
    private long progressNanos;
    /** That was in the read of which more is being passed on: one look at the clock is enough for a read. */
    private boolean isNow;

    private final UploadPace pace;

    /** @param beganNanos when the first byte of the request came */
    public Exchange(Worker worker, ClientStream client, RequestHead request, long beganNanos, long nowNanos) {
        this.worker = worker;
        this.client = client;
        this.record = new ExchangeRecord(worker.ids().next(), client.info(), request, beganNanos, nowNanos);
        this.request = request;
        this.routing = worker.routing();
        client.info().trust(routing.trustedProxies());
        record.traced(worker.traceOf(request, client.info()));
        this.timeouts = routing.timeouts();
        this.progressNanos = nowNanos;
        this.pace = new UploadPace(nowNanos);
        if (!request.hasBody()) {
            body.complete(null);
        }
    }

    /** The request has not ended, though it says that nothing is to come. */
    void awaitsEnd() {
        body.awaitsEnd();
    }

    @Override
    public String id() {
        return record.id();
    }

    @Override
    public RequestHead request() {
        return request;
    }

    @Override
    public Client client() {
        return client.info();
    }

    @Override
    public Requester requester() {
        return record.requester();
    }

    @Override
    public @Nullable Route route() {
        return record.route();
    }

    @Override
    public @Nullable Trace trace() {
        return record.trace();
    }

    @Override
    public void leavesOut(int fields) {
        record.leavesOut(fields);
    }

    /** Now, by the clock of the event loop. */
    public long nanos() {
        return worker.nanos();
    }

    /** With the response the client's connection ends, unless others share it. */
    public void isLast() {
        client.isLast();
    }

    public Routing routing() {
        return routing;
    }

    /** It is to do with this site from now on. */
    public void belongsTo(String site) {
        record.belongsTo(site);
    }

    public @Nullable String site() {
        return record.site();
    }

    /** For what becomes of it without going by the settings of a route. */
    public void routed(Route chosen) {
        record.routed(chosen);
    }

    /** Bytes go back and forth as they are. */
    public boolean isTunnel() {
        return tunnel != null;
    }

    public boolean isFinished() {
        return finished;
    }

    /** The client has sent the whole request. */
    public boolean isRequestComplete() {
        return body.isComplete();
    }

    /** Takes the exchange up again, where it has not ended meanwhile. Any thread. */
    public void goOn(Runnable next) {
        worker.loop().execute(() -> {
            if (!finished) {
                guard(next);
            }
        });
    }

    @Override
    public void guard(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            LOG.error("request {}: bug", id(), e);
            fail(Failure.ByEdge.BUG, e.toString());
        }
    }

    // ---- from the client

    /** Takes ownership of {@code part}. */
    public void requestBody(ByteBuf part) {
        if (finished) {
            part.release();
            return;
        }
        pace.partCame(worker.nanos());
        body.add(part);
        if (body.received() > maxBody && !isTunnel()) {
            fail(ByClient.BODY_TOO_LARGE, "limits.body: over " + maxBody + " bytes");
            return;
        }
        if (server != null) {
            sendBody(server);
        } else if (body.unsentBytes() > MAX_UNSENT) {
            pauseRequest();
        }
    }

    public void requestEnd(@Nullable Fields trailers) {
        if (finished) {
            return;
        }
        record.tunnelClosedBy(EndedBy.CLIENT);
        body.complete(trailers);
        progressNanos = worker.nanos();
        if (server != null) {
            sendBody(server);
        }
    }

    /** What was read from the client in one go has been handed over. */
    public void requestReadComplete() {
        if (server != null) {
            server.flush();
        }
    }

    public void clientGone() {
        if (!finished) {
            LOG.debug(
                    "request {}: client {}: gone before the response was complete",
                    id(),
                    requester().text());
            if (tunnel != null) {
                // As good an end as any; what it sent before gets there.
                record.tunnelClosedBy(EndedBy.CLIENT);
                leaveServer(tunnel);
            } else {
                blame(ByClient.GONE);
                dropServer();
            }
            finish();
        }
    }

    /** The client's connection is about to be closed: whatever becomes of the server's meanwhile, nobody is told. */
    public void endWithClient(Failure why) {
        blame(why);
        clientGone();
    }

    public void clientWritable() {
        if (responsePaused) {
            responsePaused = false;
            progressNanos = worker.nanos();
            if (server != null) {
                server.resumeResponse();
            }
        }
    }

    // ---- decisions

    /** Answers without any server. */
    public void respond(LocalResponse answer) {
        if (!finished) {
            answer(answer);
        }
    }

    private void answer(LocalResponse answer) {
        record.answered(answer.status(), worker.nanos());
        if (!request.isHead()) {
            record.sent(answer.body().length);
        }
        finish();
        client.respond(answer, responseEdits());
    }

    /** What the route, or the site, does to every final response. */
    private FieldEdits responseEdits() {
        Route route = route();
        return route == null
                ? FieldEdits.NONE
                : route.responseEdits(client.info().isSecure()).filled(this::variable);
    }

    @Override
    public String variable(Variable variable) {
        return Variables.value(variable, this, record.site());
    }

    /** From now on it goes by what the route says, and where that says nothing, by what stands for all. */
    public void goesBy(Route chosen) {
        record.routed(chosen);
        timeouts = chosen.settings().timeouts().over(routing.timeouts());
    }

    Timeouts timeouts() {
        return timeouts;
    }

    /** Whether the body, as far as it is known, is as long as it may be; if not, the client has been told so. */
    public boolean isBodyWithin() {
        Route chosen = route();
        OptionalLong all = routing.limits().body();
        maxBody = (chosen == null ? all : chosen.settings().limits().bodyOver(all)).orElse(Long.MAX_VALUE);
        if (request.contentLength() > maxBody) {
            fail(ByClient.BODY_TOO_LARGE, "limits.body: " + request.contentLength() + " bytes");
        } else if (body.received() > maxBody) {
            fail(ByClient.BODY_TOO_LARGE, "limits.body: over " + maxBody + " bytes");
        }
        return !finished;
    }

    void waitsFor(PriorQuestion question) {
        prior = question;
    }

    TowardsServers servers() {
        return worker.servers();
    }

    /**
     * It may come in.
     *
     * @param ours names, in lower case, by which a server behind us hears from us only
     * @param told what it hears
     */
    public void admitted(Admission admission, List<String> ours, List<Told> told) {
        record.admitted(admission);
        request = request.told(ours, told);
    }

    /** The server that was asked answers itself: with this, and with what follows. */
    void answeredInstead(Admission admission, ServerStream instead, ResponseHead head) {
        record.admitted(admission);
        server = instead;
        passOn(head, head.bodyLength(request));
    }

    /** Sends the request to a server of {@code backend}. */
    public void forward(LoadBalancer backend) {
        if (route() == null && !isBodyWithin()) {
            return;
        }
        record.forwarded(backend.backend().name());
        RetryLadder next = new RetryLadder(worker.servers(), this, record, backend);
        ladder = next;
        request = next.withoutSticky(request);
        next.climb();
    }

    /** Gives up: answers with an error, or breaks the response off where it has begun. */
    public void fail(Failure failure, String detail) {
        fail(failure, detail, Map.of());
    }

    /** @param more what else an answer has to say: {@code Allow}, {@code WWW-Authenticate}, {@code Retry-After} */
    public void fail(Failure failure, String detail, Map<String, String> more) {
        if (finished) {
            return;
        }
        int status = ErrorResponses.status(failure);
        String outcome = response == Response.STARTED ? "response broken off" : "answered " + status;
        String where = ladder != null ? ladder.where() : prior != null ? prior.where() : "no backend";
        FailureLog.write(this, worker.warnings(), worker.nanos(), where, failure, detail, outcome);
        record.failed(failure, detail, body.isComplete());
        if (response == Response.STARTED) {
            dropServer();
            finish();
            client.abort(brokenOff);
        } else {
            dropServer();
            refuse(failure, GrpcStatus.answer(failure, this, more));
        }
    }

    /** At once, unless this client has been told too often lately that there is no room. */
    private void refuse(Failure failure, LocalResponse answer) {
        long wait = RefusalPace.paces(failure) ? client.info().refusalWaitNanos(worker.nanos()) : 0;
        // A head stays, for the log: where there is no memory it must not wait.
        if (wait == 0 || worker.puttingOut().isDue()) {
            answer(answer);
            return;
        }
        // Whatever it holds is for others meanwhile.
        if (ladder != null) {
            ladder.end();
        }
        body.discard();
        resumeRequest();
        var unused = worker.loop().schedule(() -> guard(() -> respond(answer)), wait, TimeUnit.NANOSECONDS);
    }

    // ---- to the server

    /** The ladder has found a server. */
    void connected(ServerStream made, long nowNanos) {
        server = made;
        progressNanos = nowNanos;
        made.begin(this, this, ladder().watchesWrite());
        sendBody(made);
        made.flush();
    }

    @Override
    public Set<Tolerance> tolerated() {
        return ladder().tolerated();
    }

    @Override
    public @Nullable String sentHost() {
        return ladder().host();
    }

    private RetryLadder ladder() {
        return Objects.requireNonNull(ladder, "ladder");
    }

    private void sendBody(ServerStream to) {
        if (request.upgrade() != null && !isTunnel()) {
            // Whatever came already belongs to the tunnel that the server may refuse: to it, it would be a request.
            endSent = true;
            if (body.unsentBytes() > MAX_UNSENT) {
                pauseRequest();
            }
            return;
        }
        for (ByteBuf part = body.next(); part != null; part = body.next()) {
            progressNanos = Math.max(progressNanos, pace.lastPartNanos());
            to.requestBody(part);
        }
        if (body.isComplete() && !endSent) {
            endSent = true;
            to.requestEnd(Trailers.without(body.trailers(), Route.requestEditsOf(route())));
        }
        if (!to.isWritable()) {
            to.flush();
        }
        if (to.isWritable()) {
            resumeRequest();
        } else if (!body.isComplete()) {
            pauseRequest();
        }
    }

    @Override
    public void serverWritable() {
        progressNanos = worker.nanos();
        resumeRequest();
    }

    private void pauseRequest() {
        if (!requestPaused) {
            requestPaused = true;
            client.pauseRequest();
        }
    }

    private void resumeRequest() {
        if (requestPaused) {
            requestPaused = false;
            pace.resumed(worker.nanos());
            client.resumeRequest();
        }
    }

    // ---- from the server

    @Override
    public boolean interimResponse(ResponseHead head) {
        response = Response.INTERIM;
        progressNanos = worker.nanos();
        if (++interim > MAX_INTERIM) {
            fail(ByServer.MALFORMED_RESPONSE, "over " + MAX_INTERIM + " interim responses");
            return false;
        }
        if (body.received() == 0) {
            // Until now the client may have waited for this very answer.
            pace.begins(progressNanos);
        }
        if (request.minorVersion() == 1) {
            client.interim(head);
        }
        return true;
    }

    @Override
    public boolean switchesProtocols(ResponseHead head) {
        String fault = WebSocketKey.fault(request, head);
        if (fault != null) {
            fail(ByServer.MALFORMED_RESPONSE, fault);
        }
        return fault == null;
    }

    @Override
    public void switched(ResponseHead head) {
        response = Response.STARTED;
        progressNanos = worker.nanos();
        record.answered(client.info().isHttp2() ? 200 : 101, progressNanos);
        ladder().answered(head.status());
        ResponseHead stuck = ladder().withOurs(head);
        record.tunnelBegins();
        body.reopen();
        endSent = false;
        tunnel = worker.tunnels().begin(this::endTunnel, timeouts.tunnel());
        client.switchProtocols(stuck);
        if (server != null) {
            sendBody(server);
            server.flush();
        }
    }

    @Override
    public void responseHead(ResponseHead head, long bodyLength) {
        if (head.status() < 300 && client.info().isHttp2() && request.upgrade() != null) {
            // To the client it would mean that the tunnel is open (RFC 8441 §5).
            fail(ByServer.MALFORMED_RESPONSE, "a " + head.status() + " where the protocol was to be switched");
            return;
        }
        ladder().answered(head.status());
        if (isUnanswered() && ladder().triesElsewhere(head.status())) {
            tryElsewhere();
            return;
        }
        passOn(ladder().withOurs(head), bodyLength);
    }

    private void passOn(ResponseHead own, long bodyLength) {
        response = Response.STARTED;
        progressNanos = worker.nanos();
        isNow = true;
        record.answered(own.status(), progressNanos);
        body.forgetSent();
        Route chosen = route();
        stage = ResponseCompression.of(chosen == null ? null : chosen.settings().compression(), request, own);
        client.response(stage.head(own), stage.bodyLength(bodyLength), responseEdits());
    }

    @Override
    public void responseBody(ByteBuf part) {
        if (finished) {
            part.release();
            return;
        }
        if (!isNow) {
            progressNanos = worker.nanos();
            isNow = true;
        }
        sendToClient(stage.body(part));
        if (!client.isWritable()) {
            client.flush();
            if (!client.isWritable() && server != null && !responsePaused) {
                responsePaused = true;
                server.pauseResponse();
            }
        }
    }

    private void sendToClient(@Nullable ByteBuf part) {
        if (part != null) {
            record.sent(part.readableBytes());
            client.responseBody(part);
        }
    }

    @Override
    public void flushResponse() {
        isNow = false;
        if (!finished) {
            sendToClient(stage.flush());
        }
        client.flush();
    }

    @Override
    public void responseEnd(@Nullable Fields trailers) {
        record.tunnelClosedBy(EndedBy.SERVER);
        server = null;
        sendToClient(stage.finish());
        finish();
        client.responseEnd(Trailers.without(trailers, responseEdits()));
    }

    @Override
    public boolean isRequestSent() {
        return endSent;
    }

    @Override
    public void breaksOff(BreakOff why) {
        brokenOff = why;
    }

    @Override
    public void serverFailed(ByServer failure, String detail, boolean unsent) {
        if (finished) {
            return;
        }
        server = null;
        if (isUnanswered() && ladder().mayTryAgain(failure, unsent)) {
            endSent = false;
            record.connectionLost();
            body.rewind();
            ladder().again(failure);
        } else {
            failOrTryElsewhere(failure, detail);
        }
    }

    private void failOrTryElsewhere(ByServer failure, String detail) {
        ladder().failed(failure);
        if (isUnanswered() && ladder().triesElsewhere(failure)) {
            tryElsewhere();
        } else {
            fail(failure, detail);
        }
    }

    /** Nothing of a response has been passed on, and the request can be sent once more. */
    private boolean isUnanswered() {
        return response == Response.NOTHING && body.isReplayable();
    }

    /** Lets go of the server, and whatever it may still send with it. */
    private void tryElsewhere() {
        dropServer();
        endSent = false;
        record.connectionLost();
        body.rewind();
        progressNanos = worker.nanos();
        ladder().elsewhere();
    }

    // ---- time

    /** Ends what has taken too long. */
    public void checkTimeouts(long now) {
        if (finished) {
            return;
        }
        if (tunnel != null) {
            Failure due = tunnel.check(now, progressNanos, body.isComplete());
            if (due != null) {
                endTunnel(due);
            }
            return;
        }
        // A client that waits for a 100 is not slow, and a server need not send one: neither is held against it.
        boolean awaits100 = request.expectsContinue() && response == Response.NOTHING && body.received() == 0;
        if (!body.isComplete() && !requestPaused && !awaits100) {
            checkRequestBody(now);
        } else if (!responsePaused && now - progressNanos > timeouts.response().toNanos()) {
            // Where it is the client that takes nothing, its connection knows best whether that is too slow.
            String detail = "timeouts.response: nothing for " + Durations.text(timeouts.response());
            if (server == null || ladder == null || (awaits100 && !body.isComplete())) {
                fail(ByServer.RESPONSE_TIMEOUT, detail);
            } else {
                failOrTryElsewhere(ByServer.RESPONSE_TIMEOUT, detail);
            }
        }
    }

    /** Closes both ends; what is on its way gets there, if it is taken. */
    private void endTunnel(Failure why) {
        if (why == ByEdge.TUNNEL_IDLE) {
            LOG.info(
                    "request {}: client {}: timeouts.tunnel: nothing moved; closed",
                    id(),
                    requester().text());
        }
        blame(why);
        leaveServer(Objects.requireNonNull(tunnel, "tunnel"));
        finish();
        if (responsePaused) {
            // What is left to write will never be written: closing must not wait for it.
            client.abort(BreakOff.FAILED);
        } else {
            client.responseEnd(null);
            client.flush();
        }
    }

    private void checkRequestBody(long now) {
        ByClient fault = pace.check(now, timeouts.requestBody(), body.received());
        if (fault != null) {
            fail(fault, "timeouts.request-body: " + body.received() + " bytes so far");
        }
    }

    // ---- the end

    private void dropServer() {
        ServerStream dropped = server;
        server = null;
        if (dropped != null) {
            dropped.abort();
        }
    }

    private void leaveServer(Tunnel over) {
        ServerStream left = server;
        server = null;
        if (left != null) {
            left.leave(over.lastBytesNanos());
        }
    }

    /** What ends it, unless that is known already. Whoever says so goes on to end it. */
    public void blame(Failure why) {
        record.failed(why, "", body.isComplete());
    }

    private void finish() {
        release();
        worker.ended(record);
    }

    private void release() {
        finished = true;
        if (tunnel != null) {
            tunnel.ended();
        }
        record.received(body.received());
        body.release();
        stage.close();
        if (ladder != null) {
            ladder.end();
        }
        if (prior != null) {
            prior.end();
        }
    }
}
