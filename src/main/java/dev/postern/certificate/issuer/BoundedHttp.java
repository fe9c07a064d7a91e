package dev.postern.certificate.issuer;

import dev.postern.config.CaFile;
import dev.postern.config.Durations;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Path;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's HTTP client with bounds: the whole answer is here before a deadline, and not longer than {@link #MAX_BODY}.
 * The client's own deadline ends with the headers. Blocking; safe for several threads.
 */
public final class BoundedHttp {
    /** Bytes of a body; the longest that a CA has reason to send, a chain, is a few KiB. */
    public static final int MAX_BODY = 1024 * 1024;

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final @Nullable Path caFile;
    private final HttpClient client;

    /** A response with all of its body. */
    public record Answer(int status, HttpHeaders headers, ByteBuffer body) {}

    /**
     * Prepares; asks no network.
     *
     * @param caFile the CAs whose servers are trusted, and no others; null for those that this Java trusts
     * @throws IOException one line that names the file and what is wrong with it
     */
    public BoundedHttp(@Nullable Path caFile) throws IOException {
        this(caFile, HttpClient.Redirect.NORMAL);
    }

    /** The same, which leaves redirects to who asks. */
    public static BoundedHttp withoutRedirects(@Nullable Path caFile) throws IOException {
        return new BoundedHttp(caFile, HttpClient.Redirect.NEVER);
    }

    private BoundedHttp(@Nullable Path caFile, HttpClient.Redirect redirects) throws IOException {
        this.caFile = caFile;
        // HTTP/1.1: one request at a time gains nothing from HTTP/2, and a stalled one takes no other with it.
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(redirects)
                .connectTimeout(CONNECT_TIMEOUT);
        if (caFile != null) {
            builder.sslContext(CaFile.trusting(caFile));
        }
        this.client = builder.build();
    }

    /**
     * @param deadline from connecting to the last byte of the body
     * @throws IOException in words, why there is no whole answer; whose, the caller knows
     */
    public Answer send(HttpRequest request, Duration deadline) throws IOException, InterruptedException {
        // The JDK completes its own future on the common pool, where somebody else may be blocking; the body is
        // complete on the client's own threads.
        CompletableFuture<Answer> whole = new CompletableFuture<>();
        HttpResponse.BodyHandler<byte[]> collecting = head -> {
            BodySubscriber<byte[]> collector = new Bounded(HttpResponse.BodySubscribers.ofByteArray());
            var unused = collector.getBody().whenComplete((body, failure) -> {
                if (failure == null) {
                    whole.complete(new Answer(head.statusCode(), head.headers(), ByteBuffer.wrap(body)));
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
            throw new HttpTimeoutException("no complete answer within " + Durations.text(deadline));
        } catch (ExecutionException e) {
            // The cause has the stack of another thread; ours is added by wrapping it.
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(reason(cause), cause);
        } finally {
            // Closes the connection where it did not end: nobody waits for the rest.
            if (!whole.isDone()) {
                pending.cancel(true);
            }
        }
    }

    /** The JDK's messages are often empty, or names of its classes; the types tell. */
    private String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            // Within what says that there is no connection.
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "no such host";
            }
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof HttpConnectTimeoutException) {
                return "no answer within " + Durations.text(CONNECT_TIMEOUT);
            }
            if (cause instanceof HttpTimeoutException) {
                return "no answer in time";
            }
            if (cause instanceof SSLException) {
                return "TLS: " + ofTls(cause);
            }
            if (cause instanceof TooLong) {
                return String.valueOf(cause.getMessage());
            }
            if (cause instanceof ProtocolException) {
                return "what answers is not HTTP";
            }
            if (cause instanceof EOFException || cause instanceof ClosedChannelException) {
                return isBeforeHead(failure)
                        ? "the connection was closed without an answer"
                        : "the connection was closed in the middle of the answer";
            }
            if (cause instanceof ConnectException) {
                String text = cause.getMessage();
                return "connection refused or unreachable" + (text == null || text.isBlank() ? "" : ": " + text);
            }
            if (cause instanceof SocketException) {
                return "the connection broke";
            }
        }
        String text = failure.getMessage();
        return text == null || text.isBlank() ? "no answer" : text;
    }

    /** By the words of the JDK, which has no type for it. */
    private static boolean isBeforeHead(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (String.valueOf(cause.getMessage()).contains("header parser received no bytes")) {
                return true;
            }
        }
        return false;
    }

    private String ofTls(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateExpiredException) {
                return "the server's certificate has expired, or the clock of this host is wrong";
            }
            if (cause instanceof CertificateNotYetValidException) {
                return "the server's certificate is not valid yet, or the clock of this host is wrong";
            }
            if (cause instanceof CertPathBuilderException) {
                return "the server's certificate is from no CA that is trusted (expected: one of "
                        + (caFile == null ? "those that this Java trusts, or set ca-file" : caFile) + ")";
            }
            if (cause instanceof EOFException) {
                return "the connection was closed in the handshake";
            }
        }
        String text = String.valueOf(failure.getMessage());
        if (text.contains("Unsupported or unrecognized SSL message")) {
            return "what answers does not speak TLS";
        }
        if (text.contains("No subject alternative") || text.contains("No name matching")) {
            return "the server's certificate is for another name";
        }
        // "(certificate_unknown) …": the name of an alert.
        return text.replaceFirst("^\\([a-z_]+\\) ", "");
    }

    /** A body beyond {@link #MAX_BODY}. */
    public static final class TooLong extends IOException {
        private static final long serialVersionUID = 1;

        public TooLong() {
            super("the answer is longer than " + MAX_BODY + " bytes");
        }
    }

    /** Gives up, and closes the connection, once the body is too long. */
    private static final class Bounded implements BodySubscriber<byte[]> {
        private final BodySubscriber<byte[]> collector;
        private long length;
        private Flow.@Nullable Subscription subscription;

        Bounded(BodySubscriber<byte[]> collector) {
            this.collector = collector;
        }

        @Override
        public CompletionStage<byte[]> getBody() {
            return collector.getBody();
        }

        @Override
        public void onSubscribe(Flow.Subscription upstream) {
            subscription = upstream;
            collector.onSubscribe(upstream);
        }

        @Override
        public void onNext(List<ByteBuffer> items) {
            for (ByteBuffer item : items) {
                length += item.remaining();
            }
            if (length <= MAX_BODY) {
                collector.onNext(items);
            } else if (subscription != null) {
                subscription.cancel();
                collector.onError(new TooLong());
            }
        }

        @Override
        public void onError(Throwable failure) {
            collector.onError(failure);
        }

        @Override
        public void onComplete() {
            if (length <= MAX_BODY) {
                collector.onComplete();
            }
        }
    }
}
