package dev.postern.acme;

import java.io.IOException;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP client under acme4j, one per order and used by one thread: it has each response whole, body included, before
 * a deadline, and remembers what acme4j drops.
 *
 * <p>{@code Retry-After} never reaches acme4j, which would add it to the CA's clock and compare the sum with ours, or
 * throw where it cannot parse it.
 */
final class CaHttp extends HttpClient {
    private static final String RETRY_AFTER = "Retry-After";

    /** No published limit has a longer period; what says more is cut to it. */
    private static final Duration LONGEST_WAIT = Duration.ofDays(7);

    private final HttpClient client;
    private final Duration deadline;
    private final InstantSource clock;

    private int lastStatus;
    private @Nullable Duration lastRetryAfter;

    /** @param deadline for one exchange, from connecting to the last byte of the body */
    CaHttp(HttpClient client, Duration deadline, InstantSource clock) {
        this.client = client;
        this.deadline = deadline;
        this.clock = clock;
    }

    /** The status of the last response; 0 where the last request got none. */
    int lastStatus() {
        return lastStatus;
    }

    /** How long the last response asked us to stay away, whichever clock either side goes by. */
    Optional<Duration> lastRetryAfter() {
        return Optional.ofNullable(lastRetryAfter);
    }

    @Override
    public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
            throws IOException, InterruptedException {
        lastStatus = 0;
        lastRetryAfter = null;
        Answer answer = whole(request);
        lastStatus = answer.status();
        lastRetryAfter = retryAfter(answer.headers(), clock.instant());
        HttpHeaders headers =
                HttpHeaders.of(answer.headers().map(), (name, value) -> !name.equalsIgnoreCase(RETRY_AFTER));
        return new Whole<>(request, answer.status(), answer.version(), headers, body(answer, headers, handler));
    }

    /** A response with all of its body. */
    private record Answer(int status, Version version, HttpHeaders headers, ByteBuffer body) {}

    private Answer whole(HttpRequest request) throws IOException, InterruptedException {
        // The JDK completes its own future on the common pool, where somebody else may be blocking; the body is
        // complete
        // on the client's own threads.
        CompletableFuture<Answer> whole = new CompletableFuture<>();
        HttpResponse.BodyHandler<byte[]> collecting = head -> {
            BodySubscriber<byte[]> collector = HttpResponse.BodySubscribers.ofByteArray();
            var unused = collector.getBody().whenComplete((body, failure) -> {
                if (failure == null) {
                    whole.complete(
                            new Answer(head.statusCode(), head.version(), head.headers(), ByteBuffer.wrap(body)));
                } else {
                    whole.completeExceptionally(failure);
                }
            });
            return collector;
        };
        CompletableFuture<HttpResponse<byte[]>> pending = client.sendAsync(request, collecting);
        var unused = pending.whenComplete((response, failure) -> {
            if (failure != null) {
                whole.completeExceptionally(failure);
            }
        });
        try {
            return whole.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new HttpTimeoutException(request.uri() + ": no complete answer within " + deadline.toSeconds() + "s");
        } catch (ExecutionException e) {
            // The cause has the stack of another thread; ours is added by wrapping it.
            Throwable cause = e.getCause();
            throw new IOException(cause == null ? e.toString() : describe(request, cause), cause);
        } finally {
            // Closes the connection where it did not end: nobody waits for the rest.
            if (!whole.isDone()) {
                pending.cancel(true);
            }
        }
    }

    private static String describe(HttpRequest request, Throwable cause) {
        return request.uri().getScheme() + "://" + request.uri().getAuthority() + ": " + reason(cause);
    }

    /** The JDK's messages are often empty; the types tell. */
    private static String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "no such host";
            }
            if (cause instanceof SSLException) {
                return "TLS: " + cause.getMessage();
            }
        }
        String text = failure.getMessage();
        if (failure instanceof ConnectException) {
            return "connection refused or unreachable" + (text == null || text.isBlank() ? "" : ": " + text);
        }
        String kind = failure.getClass().getSimpleName();
        return text == null ? kind : kind + ": " + text;
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
                return answer.version();
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
            return value.length() > 9 ? LONGEST_WAIT : shorter(Duration.ofSeconds(Long.parseLong(value)));
        }
        Instant until = date(value);
        if (until == null) {
            return null;
        }
        Instant said = headers.firstValue("Date").map(CaHttp::date).orElse(now);
        Duration wait = Duration.between(said, until);
        return wait.isNegative() ? Duration.ZERO : shorter(wait);
    }

    private static Duration shorter(Duration wait) {
        return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
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
    private record Whole<T>(HttpRequest request, int statusCode, Version version, HttpHeaders headers, T body)
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

    @Override
    public Optional<CookieHandler> cookieHandler() {
        return client.cookieHandler();
    }

    @Override
    public Optional<Duration> connectTimeout() {
        return client.connectTimeout();
    }

    @Override
    public Redirect followRedirects() {
        return client.followRedirects();
    }

    @Override
    public Optional<ProxySelector> proxy() {
        return client.proxy();
    }

    @Override
    public SSLContext sslContext() {
        return client.sslContext();
    }

    @Override
    public SSLParameters sslParameters() {
        return client.sslParameters();
    }

    @Override
    public Optional<Authenticator> authenticator() {
        return client.authenticator();
    }

    @Override
    public Version version() {
        return client.version();
    }

    @Override
    public Optional<Executor> executor() {
        return client.executor();
    }
}
