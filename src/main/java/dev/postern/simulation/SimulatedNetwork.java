package dev.postern.simulation;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.acme.CaTransport;
import dev.postern.ca.acme.AcmeReply;
import dev.postern.simulation.Calamity.Absence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Flow;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What lies between Postern and the CAs, and what goes wrong on it. */
final class SimulatedNetwork {
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final World world;
    private final RandomGenerator random;
    private final Witness witness;
    private final double share;
    private final Map<String, SimulatedCa> cas = new LinkedHashMap<>();
    private final Map<String, List<Calamity>> weather = new HashMap<>();
    private final Map<String, Instant> away = new HashMap<>();
    private long requests;
    private int orders;
    private int rehearsals;

    /** @param share of the requests that are hit by a fault at any time */
    SimulatedNetwork(World world, Witness witness, double share) {
        this.world = world;
        this.witness = witness;
        this.random = world.random();
        this.share = share;
    }

    void add(SimulatedCa ca) {
        cas.put(SimulatedCa.base(ca.name()).getHost(), ca);
        weather.put(ca.name(), new ArrayList<>());
    }

    /** Something that happens within a CA, whose disk is never full. */
    interface Inside {
        void happen(SimulatedCa ca) throws IOException;
    }

    void inside(String issuer, Inside what) {
        try {
            for (SimulatedCa ca : cas.values()) {
                if (issuer.equals("*") || issuer.equals(ca.name())) {
                    what.happen(ca);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long requests() {
        return requests;
    }

    int orders() {
        return orders;
    }

    /** Orders at staging directories. */
    int rehearsals() {
        return rehearsals;
    }

    /** How often a rate limit of an issuer was reached. */
    int refused() {
        return (int) cas.values().stream().mapToLong(SimulatedCa::refused).sum();
    }

    void begin(String issuer, Calamity calamity) {
        weather.forEach((name, all) -> {
            if (issuer.equals("*") || issuer.equals(name)) {
                all.add(calamity);
            }
        });
    }

    void end(Calamity calamity) {
        weather.values().forEach(all -> all.remove(calamity));
    }

    boolean isAnyWilling() {
        return cas.values().stream().filter(SimulatedCa::isForReal).anyMatch(ca -> isWilling(ca.name()));
    }

    /** An issuer has said when it wants to hear of us again: before that it is not willing, whatever it would answer. */
    private void sentAway(SimulatedCa ca, Duration wait) {
        Instant until = world.instant().plus(wait);
        if (until.isAfter(away.getOrDefault(ca.name(), Instant.MIN))) {
            away.put(ca.name(), until);
            witness.conditionsChanged();
            world.after(wait, witness::conditionsChanged);
        }
    }

    /** Whether an issuer answers, and most of what it answers is not a fault. */
    boolean isWilling(String issuer) {
        if (away.getOrDefault(issuer, Instant.MIN).isAfter(world.instant())) {
            return false;
        }
        for (Calamity calamity : weather.getOrDefault(issuer, List.of())) {
            boolean bad = calamity instanceof Calamity.Outage
                    || calamity instanceof Calamity.TermsChanged
                    || calamity instanceof Calamity.ProfileWithdrawn
                    || (calamity instanceof Calamity.Refusals refusals && refusals.share() > 0.05)
                    || (calamity instanceof Calamity.BadNetwork network && network.share() > 0.05);
            if (bad) {
                return false;
            }
        }
        return true;
    }

    /** The way of one process to the CAs. */
    CaTransport of(SimulatedProcess process) {
        return (request, deadline) -> send(process, request, deadline);
    }

    private CaTransport.Answer send(SimulatedProcess process, HttpRequest request, Duration deadline)
            throws IOException, InterruptedException {
        process.requireAlive();
        URI target = request.uri();
        SimulatedCa ca = cas.get(target.getHost());
        if (ca == null) {
            throw new ConnectException(target.getHost() + ": no such host");
        }
        world.pass(Duration.ofMillis(10 + random.nextLong(190)));
        Ask ask = new Ask(process, target, deadline, ca.name() + " " + request.method() + " " + target.getPath());
        Trouble trouble = trouble(ca);
        if (trouble != null) {
            witness.hit();
        }
        if (trouble != null && trouble.comesFirst()) {
            CaTransport.Answer instead = trouble.fault().happens(ask, null);
            world.tell(ask.what + ": " + instead.status() + " (a fault)");
            return instead;
        }
        AcmeReply reply = ca.answer(request.method(), target, headers(request), body(request));
        world.tell(ask.what + ": " + reply.status());
        requests++;
        if (reply.status() == 201 && target.getPath().endsWith("/new-order")) {
            orders += ca.isForReal() ? 1 : 0;
            rehearsals += ca.isForReal() ? 0 : 1;
        }
        if (reply.status() >= 400 || reply.header("Content-Type").orElse("").startsWith("text/html")) {
            witness.hit();
            world.tell("  " + reply.body());
        }
        if (reply.status() == 429) {
            witness.limited(ca.name(), reply.body(), ca.refused());
        }
        CaTransport.Answer answer = answer(ca, isWithdrawn(ca, target) ? withoutProfiles(reply) : reply);
        return trouble == null ? answer : trouble.fault().happens(ask, answer);
    }

    private boolean isWithdrawn(SimulatedCa ca, URI target) {
        return target.getPath().equals("/directory")
                && weather.getOrDefault(ca.name(), List.of()).stream()
                        .anyMatch(calamity -> calamity instanceof Calamity.ProfileWithdrawn);
    }

    private static AcmeReply withoutProfiles(AcmeReply reply) {
        JsonObject directory = JsonParser.parseString(reply.body()).getAsJsonObject();
        directory.getAsJsonObject("meta").remove("profiles");
        return new AcmeReply(reply.status(), reply.headers(), directory.toString(), reply.delivery());
    }

    private CaTransport.Answer answer(SimulatedCa ca, AcmeReply reply) {
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        reply.headers()
                .forEach(header -> headers.computeIfAbsent(header.name(), name -> new ArrayList<>())
                        .add(header.value()));
        Duration wrong = Duration.ZERO;
        for (Calamity calamity : weather.getOrDefault(ca.name(), List.of())) {
            if (calamity instanceof Calamity.WrongDate date) {
                wrong = date.ahead();
            }
        }
        headers.put("Date", List.of(HTTP_DATE.format(world.instant().plus(wrong))));
        return new CaTransport.Answer(
                reply.status(),
                HttpHeaders.of(headers, (name, value) -> true),
                ByteBuffer.wrap(reply.body().getBytes(StandardCharsets.UTF_8)));
    }

    private CaTransport.Answer status(int status, @Nullable String retryAfter, String body) {
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.put("Date", List.of(HTTP_DATE.format(world.instant())));
        headers.put("Content-Type", List.of(body.startsWith("{") ? "application/problem+json" : "text/html"));
        if (retryAfter != null) {
            headers.put("Retry-After", List.of(retryAfter));
        }
        return new CaTransport.Answer(
                status,
                HttpHeaders.of(headers, (name, value) -> true),
                ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)));
    }

    private static String problem(String type, String detail) {
        return "{\"type\":\"urn:ietf:params:acme:error:" + type + "\",\"detail\":\"" + detail + "\"}";
    }

    /** @param what CA, method and path */
    private record Ask(SimulatedProcess process, URI target, Duration deadline, String what) {}

    /** What is seen in place of the answer. */
    private interface Fault {
        /** @param answer that of the CA; null where it never heard of the request */
        CaTransport.Answer happens(Ask ask, CaTransport.@Nullable Answer answer)
                throws IOException, InterruptedException;
    }

    /** @param comesFirst whether the CA never hears of the request */
    private record Trouble(boolean comesFirst, Fault fault) {
        static Trouble before(Fault fault) {
            return new Trouble(true, fault);
        }

        static Trouble after(Fault fault) {
            return new Trouble(false, fault);
        }
    }

    private @Nullable Trouble trouble(SimulatedCa ca) {
        double likely = share;
        for (Calamity calamity : weather.getOrDefault(ca.name(), List.of())) {
            if (calamity instanceof Calamity.Outage outage) {
                Duration wait = Duration.ofSeconds(1 + random.nextInt(7200));
                if (outage.absence() == Absence.UNAVAILABLE || outage.absence() == Absence.UNAVAILABLE_UNTIL) {
                    sentAway(ca, wait);
                }
                return absent(outage.absence(), wait);
            }
            if (calamity instanceof Calamity.Refusals refusals && random.nextDouble() < refusals.share()) {
                sentAway(ca, refusals.retryAfter());
                String seconds = String.valueOf(refusals.retryAfter().toSeconds());
                String body = problem("rateLimited", "too many requests, said the fault");
                return Trouble.before((ask, answer) -> status(429, seconds, body));
            }
            if (calamity instanceof Calamity.BadNetwork network) {
                likely = Math.max(likely, network.share());
            }
        }
        return random.nextDouble() < likely ? oneOfMany() : null;
    }

    /** @param wait until it wants to hear of us again, where it says that */
    private Trouble absent(Absence absence, Duration wait) {
        return switch (absence) {
            case REFUSED ->
                Trouble.before((ask, answer) -> {
                    world.tell(ask.what + ": refused");
                    throw new ConnectException(ask.target.getHost() + ": connection refused");
                });
            case SILENT -> Trouble.before((ask, answer) -> stall(ask));
            case UNAVAILABLE ->
                Trouble.before((ask, answer) -> status(503, String.valueOf(wait.toSeconds()), "<html>busy</html>"));
            case UNAVAILABLE_UNTIL ->
                Trouble.before((ask, answer) ->
                        status(503, HTTP_DATE.format(world.instant().plus(wait)), "<html>busy</html>"));
            case BROKEN ->
                Trouble.before((ask, answer) -> status(500, null, problem("serverInternal", "broken, said the fault")));
        };
    }

    private Trouble oneOfMany() {
        int seconds = 1 + random.nextInt(600);
        return switch (random.nextInt(12)) {
            case 0 -> absent(Absence.REFUSED, Duration.ZERO);
            case 1 -> absent(Absence.SILENT, Duration.ZERO);
            case 2 -> absent(Absence.BROKEN, Duration.ZERO);
            case 3 -> Trouble.before((ask, answer) -> status(503, String.valueOf(seconds), "<html>busy</html>"));
            case 4 ->
                Trouble.before((ask, answer) -> status(
                        429,
                        HTTP_DATE.format(world.instant().plusSeconds(seconds)),
                        problem("rateLimited", "slow down, said the fault")));
            case 5 -> Trouble.before((ask, answer) -> status(200, null, ""));
            case 6 -> Trouble.before((ask, answer) -> status(502, null, "<html>bad gateway</html>"));
            case 7 ->
                Trouble.after((ask, answer) -> {
                    world.tell(ask.what + ": the answer is lost");
                    throw new IOException(ask.target.getHost() + ": connection reset");
                });
            case 8 -> Trouble.after((ask, answer) -> stall(ask));
            case 9 ->
                Trouble.after((ask, answer) -> {
                    // A byte now and then: all of it just in time, or not.
                    Duration drips =
                            ask.deadline.multipliedBy(1 + random.nextInt(120)).dividedBy(100);
                    if (answer == null || drips.compareTo(ask.deadline) >= 0) {
                        return stall(ask);
                    }
                    world.tell(ask.what + ": drips for " + drips.toSeconds() + " s");
                    linger(ask, drips);
                    return answer;
                });
            case 10 ->
                Trouble.after((ask, answer) -> {
                    world.tell(ask.what + ": the connection ends in the midst of the answer");
                    throw new IOException(ask.target.getHost() + ": the answer is cut short");
                });
            default ->
                // By something in between that thinks it is whole.
                Trouble.after((ask, answer) -> {
                    world.tell(ask.what + ": half of the answer");
                    return answer == null ? status(502, null, "") : half(answer);
                });
        };
    }

    /** Nothing comes until the deadline. */
    private CaTransport.Answer stall(Ask ask) throws IOException, InterruptedException {
        world.tell(ask.what + ": stalls");
        linger(ask, ask.deadline);
        throw new HttpTimeoutException(ask.target + ": no complete answer within " + ask.deadline.toSeconds() + "s");
    }

    private static CaTransport.Answer half(CaTransport.Answer answer) {
        ByteBuffer body = answer.body().duplicate();
        body.limit(body.position() + body.remaining() / 2);
        return new CaTransport.Answer(answer.status(), answer.headers(), body);
    }

    private void linger(Ask ask, Duration time) throws InterruptedException {
        // An account is registered under a lock: whoever waits there keeps the turn, or another order would wait for
        // the lock outside of the world's time.
        boolean locked =
                ask.what.endsWith("/directory") || ask.what.endsWith("/new-nonce") || ask.what.endsWith("/new-account");
        if (locked) {
            world.pass(time);
        } else {
            ask.process.await(time);
        }
    }

    private static Map<String, String> headers(HttpRequest request) {
        Map<String, String> headers = new HashMap<>();
        request.headers().map().forEach((name, values) -> headers.put(name, values.get(0)));
        return headers;
    }

    private static byte[] body(HttpRequest request) {
        Body body = new Body();
        request.bodyPublisher().ifPresent(publisher -> publisher.subscribe(body));
        return body.text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** ACME sends JSON, which is text. */
    private static final class Body implements Flow.Subscriber<ByteBuffer> {
        private final StringBuilder text = new StringBuilder();

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(ByteBuffer part) {
            text.append(StandardCharsets.UTF_8.decode(part));
        }

        @Override
        public void onError(Throwable failure) {
            throw new IllegalStateException("a request that cannot be read", failure);
        }

        @Override
        public void onComplete() {
            // It is all there.
        }
    }
}
