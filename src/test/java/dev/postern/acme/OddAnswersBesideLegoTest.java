package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.postern.testing.RealPrograms;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Where an odd answer costs us the attempt, it costs lego its own; what lego does with it all the same is here with the reason
 * why we do not.
 */
@Tag("long")
class OddAnswersBesideLegoTest {
    private static final Path CASES = Path.of("src/test/resources/odd-answers");

    /** It gives up a minute later; whoever hangs for longer is as good as refused. */
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final Map<String, String> OF_OUR_OWN = Map.of(
            "authorization-more-than-names",
            "whoever may be made to prove what he never ordered is a tool of others",
            "chain-of-another-key",
            "it keeps a certificate that its key does not fit, with which no server starts",
            "nonce-silent",
            "asked again a minute later, with the next attempt",
            "order-invalid-at-once",
            "what the CA calls invalid is not gone on with; the next attempt orders anew",
            "order-valid-at-once",
            "there is no certificate without our key; the next attempt orders anew",
            "order-without-location",
            "an order without a URL cannot be resumed, and what it brings would be lost with the process");

    @TempDir
    private Path directory;

    /** Those that fail with us at first; what is told of URLs is for CAs on the network, and this one is not. */
    static List<String> cases() throws IOException {
        List<String> cases = new ArrayList<>();
        for (String name : OddAnswersTest.cases()) {
            OddAnswer script = new OddAnswer(name, Files.readString(CASES.resolve(name + ".txt")));
            boolean over = name.startsWith("url-of-") || name.contains("moved") || name.contains("redirected");
            boolean ours = script.profile() != null || script.expected.get(0).contains("no http-01");
            if (!over && !ours && script.expected.get(0).startsWith("failure")) {
                cases.add(name);
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void costsLegoTheAttemptAsWell(String name) throws Exception {
        String lego = RealPrograms.require("lego", "lego").toString();
        HttpServer front = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        URI base = URI.create("http://127.0.0.1:" + front.getAddress().getPort());
        OddAnswer script = new OddAnswer(name, Files.readString(CASES.resolve(name + ".txt")), base);
        OddCa ca = new OddCa(script, directory.resolve("ca"), Clock.systemUTC());
        front.createContext("/", exchange -> relay(exchange, ca, base));
        front.start();
        try {
            boolean done = run(lego, script, base);
            assertThat(done && !OF_OUR_OWN.containsKey(name))
                    .as("lego has a certificate, and we have none")
                    .isFalse();
        } finally {
            front.stop(0);
        }
    }

    private boolean run(String lego, OddAnswer script, URI base) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                lego,
                "--accept-tos",
                "--email=ops@example.com",
                "--server=" + base.resolve("/directory"),
                "--path=" + directory.resolve("lego"),
                "--http",
                "--http.port=127.0.0.1:" + freePort()));
        script.names().forEach(each -> command.add("--domains=" + each));
        command.add("run");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("lego.log").toFile())
                .start();
        try {
            return process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
        } finally {
            process.destroyForcibly();
        }
    }

    private static void relay(HttpExchange exchange, OddCa ca, URI base) throws IOException {
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

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
