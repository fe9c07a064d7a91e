package dev.postern.acme;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** An {@link OddCa} at a port of its own, for clients that are programs. */
final class OddCaFront implements AutoCloseable {
    static final Path CASES = Path.of("src/test/resources/odd-answers");

    /** They give up a minute later; whoever hangs for longer is as good as refused. */
    static final Duration PATIENCE = Duration.ofSeconds(90);

    private final HttpServer front;
    private final URI base;
    private final OddAnswer script;
    private final AtomicInteger requests = new AtomicInteger();

    /** @param directory where the CA may keep what it has */
    OddCaFront(String name, Path directory) throws Exception {
        front = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        base = URI.create("http://127.0.0.1:" + front.getAddress().getPort());
        script = new OddAnswer(name, Files.readString(CASES.resolve(name + ".txt")), base);
        OddCa ca = new OddCa(script, directory.resolve("ca"), Clock.systemUTC());
        front.createContext("/", exchange -> relay(exchange, ca, base));
        front.start();
    }

    /** How many have come. */
    int requests() {
        return requests.get();
    }

    URI directory() {
        return base.resolve("/directory");
    }

    OddAnswer script() {
        return script;
    }

    private void relay(HttpExchange exchange, OddCa ca, URI base) throws IOException {
        requests.incrementAndGet();
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(exchange.getRequestURI()))
                    .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
            String type = exchange.getRequestHeaders().getFirst("Content-Type");
            if (type != null) {
                request.header("Content-Type", type);
            }
            CaTransport.Answer answer = ca.send(request.build(), PATIENCE);
            answer.headers()
                    .map()
                    .forEach((header, values) -> exchange.getResponseHeaders().put(header, values));
            byte[] sent = new byte[answer.body().remaining()];
            answer.body().get(sent);
            boolean empty = sent.length == 0 || exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(answer.status(), empty ? -1 : sent.length);
            if (!empty) {
                exchange.getResponseBody().write(sent);
            }
        }
    }

    @Override
    public void close() {
        front.stop(0);
    }
}
