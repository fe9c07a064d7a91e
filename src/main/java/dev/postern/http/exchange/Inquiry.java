package dev.postern.http.exchange;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.balance.Affinity;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Durations;
import dev.postern.config.SentHost;
import dev.postern.config.ServerFaults;
import dev.postern.config.Tolerance;
import dev.postern.config.Variable;
import dev.postern.dial.Dial;
import dev.postern.http.message.Fields;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import dev.postern.route.Route;
import dev.postern.wire.ClientNetwork;
import dev.postern.wire.Failure;
import dev.postern.wire.Failure.ByServer;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks a server whether a request may come in, before the request goes anywhere: with a request of its own, without a body, by
 * the same ways as any other (balance, pools, limits, TLS). A yes (2xx) is told to {@link Verdict}; any other answer becomes that
 * of the exchange, with its body; where there is none the exchange fails. Ends with the exchange at the latest. Event loop
 * only.
 */
public final class Inquiry implements Dial.Caller<ServerStream>, OutgoingRequest, ResponseReceiver, PriorQuestion {
    /** Of an answer that is yes, nobody reads more: its connection is closed then rather than kept. */
    private static final int MOST_OF_A_YES = 64 * 1024;

    private static final int MAX_INTERIM = 10;

    /** What is asked. */
    public record Question(RequestHead head, Duration timeout) {}

    /** Hears of a yes, once. */
    @FunctionalInterface
    public interface Verdict {
        void yes(Admission admission, ResponseHead head);
    }

    private enum Answer {
        NONE,
        YES,
        /** It is the client's now. */
        PASSED_ON,
        /** As before, of which the client wants the head only. */
        HEAD_PASSED_ON
    }

    private final TowardsServers servers;
    private final Exchange exchange;
    private final LoadBalancer balancer;
    private final Question question;
    private final Verdict verdict;
    private final Dial<ServerStream> dial;
    private final long beganNanos;
    private @Nullable ScheduledFuture<?> timeout;
    private @Nullable ServerStream server;
    private boolean reused;
    private boolean retried;
    private boolean sent;
    private boolean over;
    private int interim;
    private int yesBytes;
    private Answer answer = Answer.NONE;

    private Inquiry(Exchange exchange, LoadBalancer balancer, Question question, Verdict verdict) {
        this.servers = exchange.servers();
        this.exchange = exchange;
        this.balancer = balancer;
        this.question = question;
        this.verdict = verdict;
        this.beganNanos = exchange.nanos();
        this.dial = new Dial<>(
                servers.loop(),
                balancer,
                servers.room(balancer, exchange.routing()),
                servers.connections(balancer.backend().protocol()),
                balancer.asksRequest() ? new RequestAffinity(question.head, exchange.requester()) : Affinity.NONE,
                this);
    }

    /** Asks a server of {@code backend}, and lets {@code exchange} wait for what it says. */
    public static void begin(Exchange exchange, LoadBalancer backend, Question question, Verdict verdict) {
        Inquiry begun = new Inquiry(exchange, backend, question, verdict);
        exchange.waitsFor(begun);
        begun.begin();
    }

    private void begin() {
        timeout = servers.loop().schedule(() -> guard(this::tooLate), question.timeout.toNanos(), TimeUnit.NANOSECONDS);
        dial.begin();
    }

    @Override
    public String where() {
        Server at = dial.server();
        return "forward-auth: backend " + balancer.backend().name() + ": server " + (at == null ? "-" : at);
    }

    @Override
    public void end() {
        if (over) {
            return;
        }
        over = true;
        stopClock();
        ServerStream left = server;
        server = null;
        if (left != null) {
            left.abort();
        }
        dial.end();
    }

    private void stopClock() {
        if (timeout != null) {
            timeout.cancel(false);
            timeout = null;
        }
    }

    private void tooLate() {
        if (answer == Answer.NONE && !over) {
            faulty(ServerFaults.Kind.TIMEOUT);
            fails("timeout: no answer for " + Durations.text(question.timeout));
        } else {
            // Who said yes and goes on talking is not listened to.
            end();
        }
    }

    private void fails(String why) {
        exchange.fail(ByServer.FORWARD_AUTH_FAILED, why);
        end();
    }

    private void faulty(ServerFaults.Kind kind) {
        Server at = dial.server();
        if (at != null) {
            balancer.backend().failed(at, kind);
        }
    }

    // ---- what the dial asks and tells

    @Override
    public long network() {
        return ClientNetwork.of(exchange.requester().address());
    }

    @Override
    public @Nullable ProxyPreamble preamble() {
        return balancer.backend().wantsPreamble() ? exchange.requester().preamble() : null;
    }

    @Override
    public long maxIdleNanos() {
        return Long.MAX_VALUE;
    }

    @Override
    public Duration connectTimeout() {
        return exchange.timeouts().connect();
    }

    @Override
    public boolean isOver() {
        return over || exchange.isFinished();
    }

    @Override
    public void guard(Runnable work) {
        exchange.guard(work);
    }

    @Override
    public void tries(Server next, long nowNanos) {}

    @Override
    public void connected(ServerStream made, boolean wasThere, long nowNanos) {
        if (isOver()) {
            made.unused();
            return;
        }
        server = made;
        reused = wasThere;
        sent = true;
        made.begin(this, this, false);
        made.requestEnd(null);
        made.flush();
    }

    @Override
    public void failed(Failure why, String detail) {
        if (why.fault() == Failure.Fault.EDGE) {
            exchange.fail(why, detail);
            end();
        } else {
            fails(why.reason() + ": " + detail);
        }
    }

    // ---- what the server is sent

    @Override
    public String id() {
        return exchange.id();
    }

    @Override
    public RequestHead request() {
        return question.head;
    }

    @Override
    public Client client() {
        return exchange.client();
    }

    @Override
    public Requester requester() {
        return exchange.requester();
    }

    /** The route of the request is another's: what it does to requests is not done to this one. */
    @Override
    public @Nullable Route route() {
        return null;
    }

    @Override
    public @Nullable String sentHost() {
        SentHost host = balancer.backend().config().host();
        if (host instanceof SentHost.Named named) {
            return named.host();
        }
        Server at = dial.server();
        return host instanceof SentHost.OfServer && at != null ? at.host() : null;
    }

    @Override
    public String variable(Variable variable) {
        return exchange.variable(variable);
    }

    @Override
    public Set<Tolerance> tolerated() {
        return balancer.backend().config().tolerated();
    }

    @Override
    public @Nullable Trace trace() {
        return exchange.trace();
    }

    @Override
    public void leavesOut(int fields) {}

    // ---- what comes back

    @Override
    public boolean isRequestSent() {
        return sent;
    }

    @Override
    public void serverWritable() {}

    @Override
    public boolean interimResponse(ResponseHead head) {
        if (++interim > MAX_INTERIM) {
            fails("malformed_response: over " + MAX_INTERIM + " interim responses");
            return false;
        }
        return true;
    }

    @Override
    public boolean switchesProtocols(ResponseHead head) {
        fails("malformed_response: 101 without being asked to switch");
        return false;
    }

    @Override
    public void switched(ResponseHead head) {}

    @Override
    public void responseHead(ResponseHead head, long bodyLength) {
        Server at = dial.server();
        if (at != null) {
            balancer.backend().answered(at, head.status());
        }
        Admission admission = new Admission(
                balancer.backend().name(), head.status(), exchange.nanos() - beganNanos, cookies(head.fields()));
        if (admission.isYes()) {
            answer = Answer.YES;
            verdict.yes(admission, head);
            return;
        }
        stopClock();
        boolean headOnly = exchange.request().isHead();
        answer = headOnly ? Answer.HEAD_PASSED_ON : Answer.PASSED_ON;
        exchange.answeredInstead(
                admission, new ResponseOnly(Objects.requireNonNull(server, "server"), this::end), head);
        if (headOnly) {
            exchange.responseEnd(null);
            exchange.flushResponse();
        }
    }

    private static List<String> cookies(Fields fields) {
        int field = fields.find("set-cookie", 0);
        if (field < 0) {
            return List.of();
        }
        List<String> cookies = new ArrayList<>();
        for (; field >= 0; field = fields.find("set-cookie", field + 1)) {
            cookies.add(fields.value(field));
        }
        return List.copyOf(cookies);
    }

    @Override
    public void responseBody(ByteBuf part) {
        if (answer == Answer.PASSED_ON) {
            exchange.responseBody(part);
            return;
        }
        yesBytes += part.readableBytes();
        part.release();
        if (yesBytes > MOST_OF_A_YES) {
            end();
        }
    }

    @Override
    public void flushResponse() {
        if (answer == Answer.PASSED_ON) {
            exchange.flushResponse();
        }
    }

    @Override
    public void responseEnd(@Nullable Fields trailers) {
        server = null;
        boolean passedOn = answer == Answer.PASSED_ON && !over;
        end();
        if (passedOn) {
            exchange.responseEnd(trailers);
        }
    }

    @Override
    public void breaksOff(BreakOff why) {
        if (answer == Answer.PASSED_ON) {
            exchange.breaksOff(why);
        }
    }

    @Override
    public void serverFailed(ByServer failure, String detail, boolean unsent) {
        server = null;
        if (isOver()) {
            return;
        }
        if (answer == Answer.NONE && !retried && maySendAgain(failure)) {
            retried = true;
            sent = false;
            dial.again();
        } else if (answer == Answer.NONE) {
            if (failure == ByServer.MALFORMED_RESPONSE || failure == ByServer.RESPONSE_HEAD_TOO_LARGE) {
                faulty(ServerFaults.Kind.MALFORMED);
            } else {
                faulty(ServerFaults.Kind.CLOSED);
            }
            fails(failure.reason() + ": " + detail);
        } else if (answer == Answer.PASSED_ON) {
            exchange.fail(failure, detail);
            end();
        } else {
            end();
        }
    }

    /** It is a GET: once more on a new connection, as any other. */
    private boolean maySendAgain(ByServer failure) {
        return switch (failure.retry()) {
            case NOT_ACTED_ON -> true;
            case IF_IDEMPOTENT -> reused;
            case ELSEWHERE, NEVER -> false;
        };
    }
}
