package dev.postern.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.postern.pki.Pem;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/**
 * An ACME server that believes everything, for what pebble cannot do: answer late, wrongly, or not to the end. Orders,
 * authorizations and certificates have the numbers 1, 2, 3 in their paths.
 */
final class FakeCa implements AutoCloseable {
    /** Of the first authorization. */
    static final String TOKEN = "dG9rZW4tb2YtdGhlLWZha2UtY2E";

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
    private final Map<String, List<JsonObject>> payloads = new ConcurrentHashMap<>();
    private final List<Order> orders = new ArrayList<>();
    private final List<Authz> authorizations = new ArrayList<>();
    private final List<String> triggered = new CopyOnWriteArrayList<>();
    private final Set<String> revoked = new HashSet<>();
    private final Map<String, String> refused = new ConcurrentHashMap<>();
    private final List<TestCa> crosses = new CopyOnWriteArrayList<>();
    private final JsonObject meta = new JsonObject();
    private volatile JsonArray contacts = new JsonArray();
    private volatile List<String> offered = List.of("http-01");
    private volatile String renewalInfo = "";
    private volatile String expires = "";
    private volatile boolean processing;

    private static final class Order {
        final List<String> names;
        final List<Integer> authorizations;
        final @Nullable JsonElement profile;

        @Nullable List<X509Certificate> chain;

        Order(List<String> names, List<Integer> authorizations, @Nullable JsonElement profile) {
            this.names = names;
            this.authorizations = authorizations;
            this.profile = profile;
        }
    }

    private static final class Authz {
        final String name;
        String status = "pending";
        String type = "";

        Authz(String name) {
            this.name = name;
        }
    }

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

    /** Ways of proving that are open for each name; http-01 alone if nothing is said. */
    void offer(String... types) {
        offered = List.of(types);
    }

    /** Every validation of this kind fails, for this reason. */
    void refuse(String challenge, String problem) {
        refused.put(challenge, problem);
    }

    /** The directory has renewalInfo, which answers this. */
    void renewalInfo(String json) {
        renewalInfo = json;
    }

    void profiles(String... names) {
        JsonObject profiles = new JsonObject();
        List.of(names).forEach(name -> profiles.addProperty(name, "https://ca.example/profiles/" + name));
        meta.add("profiles", profiles);
    }

    void requireExternalAccount() {
        meta.addProperty("externalAccountRequired", true);
    }

    /** Another chain for each certificate, up to this CA. */
    void alternate(TestCa cross) {
        crosses.add(cross);
    }

    /** Finalized orders do not come to their end. */
    void processing(boolean endless) {
        processing = endless;
    }

    /** The orders' end, as RFC 3339 has it. */
    void expires(String instant) {
        expires = instant;
    }

    /** URL of the account that everybody gets. */
    String account() {
        return url("/account/1");
    }

    TestCa root() {
        return ca;
    }

    /** What was sent there, in order. */
    List<JsonObject> payloads(String path) {
        return payloads.getOrDefault(path, List.of());
    }

    /** The challenges that it was told to look at, {@code type name}. */
    List<String> triggered() {
        return List.copyOf(triggered);
    }

    void fault(String path, Fault fault) {
        faults.put(path, fault);
    }

    /** What the account has now. */
    JsonArray contacts() {
        return contacts;
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
        JsonObject problem = new JsonObject();
        problem.addProperty("type", "urn:ietf:params:acme:error:" + type);
        problem.addProperty("detail", detail);
        problem.addProperty("instance", "https://ca.example/terms/2");
        return problem(exchange, status, problem);
    }

    static boolean problem(HttpExchange exchange, int status, JsonObject problem) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
        send(exchange, status, problem.toString());
        return true;
    }

    static boolean chain(HttpExchange exchange, List<X509Certificate> chain) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/pem-certificate-chain");
        try {
            send(exchange, 200, Pem.of(chain));
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
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
            if (!request.isEmpty()) {
                payloads.computeIfAbsent(path, p -> new CopyOnWriteArrayList<>())
                        .add(payload(request));
            }
            exchange.getResponseHeaders().set("Replay-Nonce", "nonce" + nonce.incrementAndGet());
            // Let's Encrypt forbids to cache its directory.
            exchange.getResponseHeaders().set("Cache-Control", "no-cache");
            Fault fault = faults.get(path);
            if (fault == null || !fault.answer(exchange, count)) {
                answer(exchange, path, request.isEmpty() ? new JsonObject() : payload(request));
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private synchronized void answer(HttpExchange exchange, String path, JsonObject request)
            throws IOException, GeneralSecurityException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        String[] parts = path.split("/", -1);
        int id = parts.length > 2 && parts[2].matches("[0-9]+") ? Integer.parseInt(parts[2]) : 0;
        switch (parts[1]) {
            case "dir" -> send(exchange, 200, directoryJson().toString());
            case "nonce" -> send(exchange, 200, "");
            case "account" -> {
                if (request.has("contact")) {
                    contacts = request.getAsJsonArray("contact");
                }
                exchange.getResponseHeaders().set("Location", url("/account/1"));
                JsonObject account = new JsonObject();
                account.addProperty("status", "valid");
                account.add("contact", contacts);
                send(exchange, id == 0 ? 201 : 200, account.toString());
            }
            case "new-order" -> {
                List<String> names = new ArrayList<>();
                request.getAsJsonArray("identifiers")
                        .forEach(one ->
                                names.add(one.getAsJsonObject().get("value").getAsString()));
                List<Integer> authorized = new ArrayList<>();
                for (String name : names) {
                    authorizations.add(new Authz(name));
                    authorized.add(authorizations.size());
                }
                orders.add(new Order(names, authorized, request.get("profile")));
                exchange.getResponseHeaders().set("Location", url("/order/" + orders.size()));
                send(exchange, 201, order(orders.size()).toString());
            }
            case "order" -> send(exchange, 200, order(id).toString());
            case "authz" -> send(exchange, 200, authorization(id).toString());
            case "challenge" -> {
                String type = parts.length > 3 ? parts[3] : "http-01";
                Authz authz = authorizations.get(id - 1);
                triggered.add(type + " " + authz.name);
                authz.type = type;
                authz.status = refused.containsKey(type) ? "invalid" : "valid";
                send(exchange, 200, challenge(id, type).toString());
            }
            case "finalize" -> {
                byte[] csr = Base64.getUrlDecoder().decode(request.get("csr").getAsString());
                KeyPair certified = new KeyPair(new JcaPKCS10CertificationRequest(csr).getPublicKey(), null);
                Order order = orders.get(id - 1);
                order.chain = ca.issue(order.names, Instant.now(), Duration.ofDays(90), certified)
                        .chain();
                send(exchange, 200, order(id).toString());
            }
            case "certificate" -> {
                List<X509Certificate> chain = Objects.requireNonNull(orders.get(id - 1).chain);
                exchange.getResponseHeaders().set("Content-Type", "application/pem-certificate-chain");
                if (parts.length > 3) {
                    X509Certificate crossed =
                            crosses.get(Integer.parseInt(parts[3])).crossSign(chain.get(1));
                    chain = List.of(chain.get(0), crossed);
                } else if (!crosses.isEmpty()) {
                    // All of them in one line, as RFC 8288 allows; and one of another kind between them.
                    StringBuilder links = new StringBuilder("<" + url("/dir") + ">;rel=\"index\"");
                    for (int i = 0; i < crosses.size(); i++) {
                        links.append(", <").append(url(path + "/" + i)).append(">; title=\"a, b\"; rel=\"alternate\"");
                    }
                    exchange.getResponseHeaders().set("Link", links.toString());
                }
                send(exchange, 200, Pem.of(chain));
            }
            case "renewal-info" -> send(exchange, 200, renewalInfo);
            case "revoke" -> {
                if (revoked.add(request.get("certificate").getAsString())) {
                    send(exchange, 200, "");
                } else {
                    problem(exchange, 400, "alreadyRevoked");
                }
            }
            case "key-change" -> send(exchange, 200, "{}");
            default -> problem(exchange, 404, "malformed");
        }
    }

    private static JsonObject payload(String request) {
        String payload =
                JsonParser.parseString(request).getAsJsonObject().get("payload").getAsString();
        return payload.isEmpty()
                ? new JsonObject()
                : JsonParser.parseString(new String(Base64.getUrlDecoder().decode(payload), StandardCharsets.UTF_8))
                        .getAsJsonObject();
    }

    private JsonObject directoryJson() {
        JsonObject json = new JsonObject();
        json.addProperty("newNonce", url("/nonce"));
        json.addProperty("newAccount", url("/account"));
        json.addProperty("newOrder", url("/new-order"));
        json.addProperty("revokeCert", url("/revoke"));
        json.addProperty("keyChange", url("/key-change"));
        if (!renewalInfo.isEmpty()) {
            json.addProperty("renewalInfo", url("/renewal-info"));
        }
        json.add("meta", meta);
        return json;
    }

    private JsonObject order(int id) {
        Order order = orders.get(id - 1);
        JsonObject json = new JsonObject();
        List<String> states = order.authorizations.stream()
                .map(each -> authorizations.get(each - 1).status)
                .toList();
        String status = states.contains("invalid")
                ? "invalid"
                : states.contains("pending") ? "pending" : order.chain == null ? "ready" : "valid";
        json.addProperty("status", status.equals("valid") && processing ? "processing" : status);
        if (!expires.isEmpty()) {
            json.addProperty("expires", expires);
        }
        JsonArray identifiers = new JsonArray();
        order.names.forEach(name -> identifiers.add(identifier(name)));
        json.add("identifiers", identifiers);
        JsonArray urls = new JsonArray();
        order.authorizations.forEach(each -> urls.add(url("/authz/" + each)));
        json.add("authorizations", urls);
        json.addProperty("finalize", url("/finalize/" + id));
        if (order.profile != null) {
            json.add("profile", order.profile);
        }
        if (status.equals("valid") && !processing) {
            json.addProperty("certificate", url("/certificate/" + id));
        }
        return json;
    }

    private static JsonObject identifier(String name) {
        JsonObject json = new JsonObject();
        json.addProperty("type", "dns");
        json.addProperty("value", name);
        return json;
    }

    private JsonObject authorization(int id) {
        Authz authz = authorizations.get(id - 1);
        JsonObject json = new JsonObject();
        json.addProperty("status", authz.status);
        boolean wildcard = authz.name.startsWith("*.");
        json.add("identifier", identifier(wildcard ? authz.name.substring(2) : authz.name));
        if (wildcard) {
            json.addProperty("wildcard", true);
        }
        JsonArray challenges = new JsonArray();
        // One of a kind that nobody knows yet, without a token.
        JsonObject strange = new JsonObject();
        strange.addProperty("type", "telepathy-01");
        challenges.add(strange);
        offered.forEach(type -> challenges.add(challenge(id, type)));
        json.add("challenges", challenges);
        return json;
    }

    private JsonObject challenge(int id, String type) {
        Authz authz = authorizations.get(id - 1);
        JsonObject json = new JsonObject();
        json.addProperty("type", type);
        json.addProperty("url", url("/challenge/" + id + (type.equals("http-01") ? "" : "/" + type)));
        json.addProperty("token", id == 1 ? TOKEN : "dG9rZW4tb2YtdGhlLWZha2UtY2Et" + id);
        json.addProperty("status", type.equals(authz.type) ? authz.status : "pending");
        if (type.equals(authz.type) && authz.status.equals("invalid")) {
            JsonObject error = new JsonObject();
            error.addProperty("type", "urn:ietf:params:acme:error:" + refused.get(type));
            error.addProperty("detail", "because of " + refused.get(type));
            json.add("error", error);
        }
        return json;
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
