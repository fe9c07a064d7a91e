package dev.postern.acme;

import dev.postern.certificate.issuer.BoundedHttp;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;

/** Carries a request to a CA and its whole answer back. Blocking; safe for several threads. */
public interface CaTransport {
    /** Bytes of an answer's body. */
    int MAX_BODY = BoundedHttp.MAX_BODY;

    /** A response with all of its body. */
    record Answer(int status, HttpHeaders headers, ByteBuffer body) {}

    /**
     * Sends the request and has the answer, body included, before the deadline.
     *
     * @throws IOException one line that names the CA's host and why there is no whole answer
     */
    Answer send(HttpRequest request, Duration deadline) throws IOException, InterruptedException;

    /** The body of a request that carries text, as all that ACME sends does; empty where there is none. */
    static String bodyOf(HttpRequest request) {
        HttpRequest.BodyPublisher publisher = request.bodyPublisher().orElse(null);
        if (publisher == null) {
            return "";
        }
        BodySubscriber<String> text = BodySubscribers.ofString(StandardCharsets.UTF_8);
        publisher.subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                text.onSubscribe(subscription);
            }

            @Override
            public void onNext(ByteBuffer item) {
                text.onNext(List.of(item));
            }

            @Override
            public void onError(Throwable failure) {
                text.onError(failure);
            }

            @Override
            public void onComplete() {
                text.onComplete();
            }
        });
        try {
            return text.getBody().toCompletableFuture().join();
        } catch (CompletionException e) {
            throw new IllegalArgumentException("the body of " + request.uri() + " cannot be read", e);
        }
    }
}
