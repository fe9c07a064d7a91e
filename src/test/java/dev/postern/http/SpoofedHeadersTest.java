package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * However a client that nobody trusts spells it: what only we may say of it does not reach a server. {@code
 * -Dpostern.fuzz.rounds=N} for more spellings, {@code -Dpostern.fuzz.seed=S} for others.
 */
class SpoofedHeadersTest {
    private static final int ROUNDS = Integer.getInteger("postern.fuzz.rounds", 5_000) / 50;
    private static final int SEED = Integer.getInteger("postern.fuzz.seed", 1);

    /** What servers and frameworks take from a proxy for granted. */
    private static final List<String> NAMES = List.of(
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-prefix",
            "x-forwarded-server",
            "x-forwarded-ssl",
            "x-forwarded-scheme",
            "x-forwarded-client-cert",
            "x-real-ip",
            "x-original-url",
            "x-original-host",
            "x-rewrite-url",
            "client-ip",
            "x-client-ip",
            "true-client-ip",
            "x-cluster-client-ip",
            "forwarded");

    private static final int FIELDS = 20;

    private final RandomGenerator random = new SplittableRandom(SEED);
    private final TestServer server = TestServer.saying("hello");

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @BeforeEach
    void start() throws Exception {
        edge.closes(server);
        edge.startPlaintext(server, "");
    }

    /** In any case, and with what CGI and some frameworks take for a hyphen. */
    private String spelling() {
        String name = NAMES.get(random.nextInt(NAMES.size()));
        StringBuilder spelt = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            String c = name.substring(i, i + 1);
            if (c.equals("-")) {
                spelt.append("--_.".charAt(random.nextInt(4)));
            } else {
                spelt.append(random.nextBoolean() ? c.toUpperCase(Locale.ROOT) : c);
            }
        }
        return spelt.toString();
    }

    private void assertNothingOfItArrived(String shown) {
        TestServer.Request request = server.requests().get(server.requests().size() - 1);
        assertThat(request.head() + request.body()).as(shown).doesNotContainIgnoringCase("spoof");
        for (String ours :
                List.of("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-IP")) {
            assertThat(request.header(ours)).as(shown + ours).hasSize(1);
        }
    }

    @Test
    void noSpellingOverHttp1ReachesAServer() {
        RawClient client = edge.plainClient();
        for (int round = 0; round < ROUNDS; round++) {
            StringBuilder head = new StringBuilder("GET / HTTP/1.1\r\nHost: localhost\r\n");
            List<String> named = new ArrayList<>();
            for (int i = 0; i < FIELDS; i++) {
                String name = spelling();
                head.append(name).append(random.nextBoolean() ? ": " : ":").append("spoof\r\n");
                if (random.nextInt(4) == 0) {
                    named.add(name);
                }
            }
            if (!named.isEmpty()) {
                head.append("Connection: ").append(String.join(", ", named)).append("\r\n");
            }
            assertThat(client.send(head + "\r\n").response().status()).isEqualTo(200);

            assertNothingOfItArrived(head.toString());
        }
    }

    @Test
    void noSpellingInTrailersReachesAServer() {
        for (int round = 0; round < ROUNDS / 5; round++) {
            RawClient client = edge.plainClient();
            String trailer = spelling();
            client.send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
                    + trailer + ": spoof\r\n\r\n");
            int before = server.requests().size();

            // Refused or passed on without it.
            if (client.response().status() == 200) {
                assertNothingOfItArrived(trailer);
            } else {
                assertThat(server.requests()).as(trailer).hasSize(before);
            }
        }
    }

    @Test
    void noSpellingOverHttp2ReachesAServer() throws Exception {
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
        for (int round = 0; round < ROUNDS; round++) {
            List<String> fields = new ArrayList<>();
            for (int i = 0; i < FIELDS; i++) {
                fields.add(spelling().toLowerCase(Locale.ROOT));
                fields.add("spoof");
            }
            client.get(2 * round + 1, "/", fields.toArray(String[]::new));
            assertThat(client.response(2 * round + 1).status()).isEqualTo(200);

            assertNothingOfItArrived(fields.toString());
        }
    }
}
