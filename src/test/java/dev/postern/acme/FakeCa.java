package dev.postern.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.postern.certificate.Pem;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/**
 * An ACME server that believes everything, for what pebble cannot do: answer late, wrongly, or not to the end. It has one
 * order, for one name.
 */
final class FakeCa implements AutoCloseable {
    /** Does something instead of the right answer; false lets the right answer be given after all. */
    interface Fault {
        boolean answer(HttpExchange exchange, int count) throws IOException;
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final TestCa ca = TestCa.create();
    private final Map<String, Fault> faults = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
    private final List<String> userAgents = new CopyOnWriteArrayList<>();
    private final AtomicInteger nonce = new AtomicInteger();
    private volatile String status = "pending";
    private volatile String name = "example.com";
    private volatile String chain = "";

    FakeCa() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    URI directory() {
        return URI.create(url("/dir"));
    }

    private String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    void fault(String path, Fault fault) {
        faults.put(path, fault);
    }

    int count(String path) {
        return counts.getOrDefault(path, new AtomicInteger()).get();
    }

    List<String> userAgents() {
        return List.copyOf(userAgents);
    }

    /** The head, and the beginning of a body that never ends. */
    boolean stall(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 1000);
        exchange.getResponseBody().write('{');
        exchange.getResponseBody().flush();
        try {
            closing.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return true;
    }

    static boolean plain(HttpExchange exchange, int status, String retryAfter) throws IOException {
        exchange.getResponseHeaders().set("Retry-After", retryAfter);
        exchange.getResponseHeaders().set("Content-Type", "text/html");
        send(exchange, status, "<h1>no</h1>");
        return true;
    }

    static boolean problem(HttpExchange exchange, int status, String type) throws IOException {
        return problem(exchange, status, type, "because of " + type);
    }

    static boolean problem(HttpExchange exchange, int status, String type, String detail) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
        JsonObject problem = new JsonObject();
        problem.addProperty("type", "urn:ietf:params:acme:error:" + type);
        problem.addProperty("detail", detail);
        problem.addProperty("instance", "https://ca.example/terms/2");
        send(exchange, status, problem.toString());
        return true;
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            userAgents.addAll(exchange.getRequestHeaders().getOrDefault("User-Agent", List.of()));
            String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            int count = counts.computeIfAbsent(path, p -> new AtomicInteger()).incrementAndGet();
            exchange.getResponseHeaders().set("Replay-Nonce", "nonce" + nonce.incrementAndGet());
            // Let's Encrypt forbids to cache its directory.
            exchange.getResponseHeaders().set("Cache-Control", "no-cache");
            Fault fault = faults.get(path);
            if (fault == null || !fault.answer(exchange, count)) {
                answer(exchange, path, request);
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private void answer(HttpExchange exchange, String path, String request)
            throws IOException, GeneralSecurityException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        switch (path) {
            case "/dir" -> send(exchange, 200, directoryJson().toString());
            case "/nonce" -> send(exchange, 200, "");
            case "/account" -> {
                exchange.getResponseHeaders().set("Location", url("/account/1"));
                send(exchange, 201, "{\"status\": \"valid\"}");
            }
            case "/new-order" -> {
                name = payload(request)
                        .getAsJsonArray("identifiers")
                        .get(0)
                        .getAsJsonObject()
                        .get("value")
                        .getAsString();
                status = "pending";
                exchange.getResponseHeaders().set("Location", url("/order/1"));
                send(exchange, 201, order().toString());
            }
            case "/order/1" -> send(exchange, 200, order().toString());
            case "/authz/1" -> send(exchange, 200, authorization().toString());
            case "/challenge/1" -> {
                status = "ready";
                send(exchange, 200, challenge().toString());
            }
            case "/finalize/1" -> {
                byte[] csr = Base64.getUrlDecoder()
                        .decode(payload(request).get("csr").getAsString());
                KeyPair certified = new KeyPair(new JcaPKCS10CertificationRequest(csr).getPublicKey(), null);
                chain = Pem.of(ca.issue(List.of(name), Instant.now(), Duration.ofDays(90), certified)
                        .chain());
                status = "valid";
                send(exchange, 200, order().toString());
            }
            case "/certificate/1" -> {
                exchange.getResponseHeaders().set("Content-Type", "application/pem-certificate-chain");
                send(exchange, 200, chain);
            }
            default -> problem(exchange, 404, "malformed");
        }
    }

    private static JsonObject payload(String request) {
        String payload =
                JsonParser.parseString(request).getAsJsonObject().get("payload").getAsString();
        return JsonParser.parseString(new String(Base64.getUrlDecoder().decode(payload), StandardCharsets.UTF_8))
                .getAsJsonObject();
    }

    private JsonObject directoryJson() {
        JsonObject json = new JsonObject();
        json.addProperty("newNonce", url("/nonce"));
        json.addProperty("newAccount", url("/account"));
        json.addProperty("newOrder", url("/new-order"));
        json.addProperty("revokeCert", url("/revoke"));
        json.addProperty("keyChange", url("/key-change"));
        return json;
    }

    private JsonObject order() {
        JsonObject json = new JsonObject();
        json.addProperty("status", status);
        JsonArray identifiers = new JsonArray();
        identifiers.add(identifier());
        json.add("identifiers", identifiers);
        JsonArray authorizations = new JsonArray();
        authorizations.add(url("/authz/1"));
        json.add("authorizations", authorizations);
        json.addProperty("finalize", url("/finalize/1"));
        if (status.equals("valid")) {
            json.addProperty("certificate", url("/certificate/1"));
        }
        return json;
    }

    private JsonObject identifier() {
        JsonObject json = new JsonObject();
        json.addProperty("type", "dns");
        json.addProperty("value", name);
        return json;
    }

    private JsonObject authorization() {
        JsonObject json = new JsonObject();
        json.addProperty("status", status.equals("pending") ? "pending" : "valid");
        json.add("identifier", identifier());
        JsonArray challenges = new JsonArray();
        challenges.add(challenge());
        json.add("challenges", challenges);
        return json;
    }

    private JsonObject challenge() {
        JsonObject json = new JsonObject();
        json.addProperty("type", "http-01");
        json.addProperty("url", url("/challenge/1"));
        json.addProperty("token", "dG9rZW4tb2YtdGhlLWZha2UtY2E");
        json.addProperty("status", status.equals("pending") ? "pending" : "valid");
        return json;
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
