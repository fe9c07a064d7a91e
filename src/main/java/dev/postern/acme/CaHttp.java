package dev.postern.acme;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.postern.acme.CaTransport.Answer;
import dev.postern.certificate.issuer.BoundedHttp;
import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP client under acme4j, one per order and used by one thread: it has each response whole, body included, before
 * a deadline, and remembers what acme4j drops.
 *
 * <p>{@code Retry-After} never reaches acme4j, which would add it to the CA's clock and compare the sum with ours, or
 * throw where it cannot parse it; nor do the headers on caching, for an order is short.
 */
final class CaHttp extends HttpClient {
    private static final String RETRY_AFTER = "Retry-After";

    /** Read here, or by nobody: acme4j throws where it does not understand them. */
    private static final Set<String> HIDDEN =
            Set.of("retry-after", "cache-control", "expires", "last-modified", "content-encoding");

    /** One link: its target, and its parameters up to a comma that is outside of quotes. */
    private static final Pattern LINK = Pattern.compile("<([^<>]*)>((?:[^,\"]++|\"[^\"]*+\")*+)");

    private static final Pattern SPACES = Pattern.compile("\\s+");

    private static final Pattern RELATION =
            Pattern.compile(";\\s*rel\\s*=\\s*(?:\"([^\"]*)\"|([^;,\\s]+))", Pattern.CASE_INSENSITIVE);

    /** No published limit has a longer period; what says more is cut to it. */
    private static final Duration LONGEST_WAIT = Duration.ofDays(7);

    /** As browsers stop; a CA that moved needs one. */
    private static final int MOST_REDIRECTS = 5;

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final CaTransport transport;
    private final boolean local;
    private final Duration deadline;
    private final InstantSource clock;
    private final Consumer<Instant> dates;

    private int lastStatus;
    private @Nullable URI lastTarget;
    private @Nullable Duration lastRetryAfter;
    private @Nullable Instant lastDate;

    /**
     * @param directory of the CA: where that is http on this machine, so may be what it names
     * @param deadline for one exchange, from connecting to the last byte of the body
     * @param dates told what each answer says the time is
     */
    CaHttp(CaTransport transport, URI directory, Duration deadline, InstantSource clock, Consumer<Instant> dates) {
        this.dates = dates;
        this.transport = transport;
        this.local = isPlain(directory);
        this.deadline = deadline;
        this.clock = clock;
    }

    /** The status of the last response; 0 where the last request got none. */
    int lastStatus() {
        return lastStatus;
    }

    /** Whether the last request was for this. */
    boolean wasFor(URL target) {
        return lastTarget != null && lastTarget.toString().equals(target.toString());
    }

    /** How long the last response asked us to stay away, whichever clock either side goes by. */
    Optional<Duration> lastRetryAfter() {
        return Optional.ofNullable(lastRetryAfter);
    }

    /** What time it is for the CA, according to its last response. */
    Optional<Instant> lastDate() {
        return Optional.ofNullable(lastDate);
    }

    @Override
    public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
            throws IOException, InterruptedException {
        lastStatus = 0;
        lastTarget = request.uri();
        lastRetryAfter = null;
        lastDate = null;
        Answer answer = sendSafely(request);
        if (answer.body().remaining() > CaTransport.MAX_BODY) {
            throw new BoundedHttp.TooLong();
        }
        lastStatus = answer.status();
        lastDate = answer.headers().firstValue("Date").map(CaHttp::date).orElse(null);
        if (lastDate != null) {
            dates.accept(lastDate);
        }
        lastRetryAfter = retryAfter(answer.headers(), clock.instant());
        HttpHeaders headers = forAcme4j(answer.headers());
        return new Whole<>(request, answer.status(), headers, body(withType(answer), headers, handler));
    }

    /** Only there where a CA may lead us; to another place for what is only read. */
    private Answer sendSafely(HttpRequest request) throws IOException, InterruptedException {
        HttpRequest next = request;
        for (int redirects = 0; ; redirects++) {
            URI target = next.uri();
            requireSafe(target);
            Answer answer = transport.send(next, deadline);
            String location = answer.headers().firstValue("Location").orElse(null);
            if (!REDIRECTS.contains(answer.status()) || location == null) {
                return answer;
            }
            if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
                throw new Misled(target + ": the CA redirects a " + request.method() + " to \""
                        + Failures.brief(location) + "\", which is not followed (expected: an answer)");
            }
            if (redirects == MOST_REDIRECTS) {
                throw new Misled(request.uri() + ": the CA redirects more than " + MOST_REDIRECTS + " times");
            }
            HttpRequest.Builder moved = HttpRequest.newBuilder(resolved(target, location))
                    .method(request.method(), HttpRequest.BodyPublishers.noBody());
            request.headers().map().forEach((name, values) -> values.forEach(value -> moved.header(name, value)));
            request.timeout().ifPresent(moved::timeout);
            next = moved.build();
        }
    }

    /** A CA leads us where we do not go; it will again. */
    static final class Misled extends IOException {
        private static final long serialVersionUID = 1;

        private Misled(String message) {
            super(message);
        }
    }

    private URI resolved(URI from, String location) throws IOException {
        try {
            URI target = from.resolve(location);
            requireSafe(target);
            return target;
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    from + ": the CA redirects to \"" + Failures.brief(location) + "\", which is no URL", e);
        }
    }

    /** What we sign for a CA, and what it says, is nobody else's to read or to change on the way. */
    private void requireSafe(URI target) throws IOException {
        boolean https = "https".equalsIgnoreCase(target.getScheme());
        if (target.getHost() == null || !(https || (local && isPlain(target) && isLoopback(target)))) {
            throw new Misled("the CA names \"" + Failures.brief(target.toString()) + "\" (expected: an https URL)");
        }
    }

    private static boolean isPlain(URI target) {
        return "http".equalsIgnoreCase(target.getScheme());
    }

    private static boolean isLoopback(URI target) {
        String host = target.getHost();
        return host.equalsIgnoreCase("localhost") || host.equals("[::1]") || host.matches("127(\\.[0-9]{1,3}){3}");
    }

    /** A problem may have no type (RFC 9457 §3.1.1); acme4j throws where it has none. */
    private static Answer withType(Answer answer) {
        String kind = answer.headers().firstValue("Content-Type").orElse("");
        if (answer.status() < 400 || !kind.startsWith("application/problem+json")) {
            return answer;
        }
        try {
            JsonObject problem = JsonParser.parseString(StandardCharsets.UTF_8
                            .decode(answer.body().duplicate())
                            .toString())
                    .getAsJsonObject();
            if (problem.has("type")) {
                return answer;
            }
            problem.addProperty("type", "about:blank");
            return new Answer(
                    answer.status(),
                    answer.headers(),
                    ByteBuffer.wrap(problem.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (JsonParseException | IllegalStateException | StackOverflowError e) {
            return answer;
        }
    }

    private static <T> T body(Answer answer, HttpHeaders headers, HttpResponse.BodyHandler<T> handler)
            throws IOException {
        BodySubscriber<T> subscriber = handler.apply(new HttpResponse.ResponseInfo() {
            @Override
            public int statusCode() {
                return answer.status();
            }

            @Override
            public HttpHeaders headers() {
                return headers;
            }

            @Override
            public Version version() {
                return Version.HTTP_1_1;
            }
        });
        subscriber.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long n) {
                // Everything is here already and is handed over below.
            }

            @Override
            public void cancel() {
                // Nothing is in flight.
            }
        });
        subscriber.onNext(List.of(answer.body()));
        subscriber.onComplete();
        try {
            return subscriber.getBody().toCompletableFuture().join();
        } catch (RuntimeException e) {
            throw new IOException("reading the answer", e);
        }
    }

    /**
     * Both forms of <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-10.2.3">RFC 9110 §10.2.3</a> as a
     * span of time: a date is compared with the {@code Date} of the same response, so that only one clock is involved.
     */
    static @Nullable Duration retryAfter(HttpHeaders headers, Instant now) {
        String value = headers.firstValue(RETRY_AFTER).map(String::trim).orElse(null);
        if (value == null) {
            return null;
        }
        if (value.matches("[0-9]+")) {
            return value.length() > 9 ? LONGEST_WAIT : span(Duration.ofSeconds(Long.parseLong(value)));
        }
        Instant until = date(value);
        if (until == null) {
            return null;
        }
        Instant said = headers.firstValue("Date").map(CaHttp::date).orElse(now);
        Duration wait = Duration.between(said, until);
        return span(wait);
    }

    /** Between nothing and {@link #LONGEST_WAIT}. */
    static Duration span(Duration wait) {
        return wait.isNegative() ? Duration.ZERO : wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
    }

    /** Without what acme4j must not see, and with each link in a header of its own, in the only form that it reads. */
    private static HttpHeaders forAcme4j(HttpHeaders headers) {
        Map<String, List<String>> kept = new LinkedHashMap<>();
        headers.map().forEach((name, values) -> {
            if (name.equalsIgnoreCase("Link")) {
                List<String> links = values.stream().flatMap(CaHttp::links).toList();
                if (!links.isEmpty()) {
                    kept.put(name, links);
                }
            } else if (!HIDDEN.contains(name.toLowerCase(Locale.ROOT))) {
                kept.put(name, values);
            }
        });
        return HttpHeaders.of(kept, (name, value) -> true);
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8288#section-3">RFC 8288 §3</a>. */
    private static Stream<String> links(String value) {
        List<String> links = new ArrayList<>();
        Matcher link = LINK.matcher(value);
        while (link.find()) {
            Matcher relation = RELATION.matcher(link.group(2));
            if (relation.find()) {
                String relations = relation.group(1) == null ? relation.group(2) : relation.group(1);
                String target = link.group(1);
                SPACES.splitAsStream(relations.trim())
                        .forEach(one -> links.add("<" + target + ">;rel=\"" + one + "\""));
            }
        }
        return links.stream();
    }

    private static @Nullable Instant date(String value) {
        try {
            return ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    /** A response whose body is here already, without what acme4j must not see. */
    private record Whole<T>(HttpRequest request, int statusCode, HttpHeaders headers, T body)
            implements HttpResponse<T> {
        @Override
        public Optional<HttpResponse<T>> previousResponse() {
            return Optional.empty();
        }

        @Override
        public Optional<SSLSession> sslSession() {
            return Optional.empty();
        }

        @Override
        public URI uri() {
            return request.uri();
        }

        @Override
        public Version version() {
            return Version.HTTP_1_1;
        }
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, HttpResponse.BodyHandler<T> handler) {
        throw new UnsupportedOperationException("acme4j sends and waits");
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
            HttpRequest request,
            HttpResponse.BodyHandler<T> handler,
            HttpResponse.@Nullable PushPromiseHandler<T> pushes) {
        throw new UnsupportedOperationException("acme4j sends and waits");
    }

    // What kind of client it is, is the business of the transport; nobody asks.

    @Override
    public Optional<CookieHandler> cookieHandler() {
        return Optional.empty();
    }

    @Override
    public Optional<Duration> connectTimeout() {
        return Optional.empty();
    }

    @Override
    public Redirect followRedirects() {
        return Redirect.NEVER;
    }

    @Override
    public Optional<ProxySelector> proxy() {
        return Optional.empty();
    }

    @Override
    public SSLContext sslContext() {
        throw new UnsupportedOperationException("the transport has it");
    }

    @Override
    public SSLParameters sslParameters() {
        return new SSLParameters();
    }

    @Override
    public Optional<Authenticator> authenticator() {
        return Optional.empty();
    }

    @Override
    public Version version() {
        return Version.HTTP_1_1;
    }

    @Override
    public Optional<Executor> executor() {
        return Optional.empty();
    }
}
