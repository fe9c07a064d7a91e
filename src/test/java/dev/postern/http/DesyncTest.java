package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Streams of requests with wounds, through a whole edge: a server gets what {@link ReferenceReader} reads, in its order,
 * never more, always well-formed; and whoever asks next gets the answer to what was asked. {@code
 * -Dpostern.fuzz.rounds=N} for more, {@code -Dpostern.fuzz.seed=S} for others.
 */
class DesyncTest {
    private static final int ROUNDS = Integer.getInteger("postern.fuzz.rounds", 5_000) / 40;
    private static final int SEED = Integer.getInteger("postern.fuzz.seed", 1);

    /** So that what is waited for in vain ends soon; whoever is slower than this is refused, which is no harm here. */
    private static final String IMPATIENT = "timeouts: { request-head: 100ms, request-body: 100ms, keep-alive: 100ms }";

    private static final String LAST = "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void serverGetsNothingButWhatWasAskedAndTheNextClientIsNotFooled() throws Exception {
        TestServer server = edge.closes(
                TestServer.start((request, connection) -> connection.send(TestServer.ok("at " + request.path()))));
        edge.startPlaintext(server, IMPATIENT);
        Mutations mutations = new Mutations(new SplittableRandom(SEED));
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = mutations.wounded(mutations.stream() + LAST);
            String shown = "round " + round + ": "
                    + new String(bytes, StandardCharsets.ISO_8859_1)
                            .replace("\r", "\\r")
                            .replace("\n", "\\n");
            ReferenceReader reference = ReferenceReader.of(bytes);
            server.requests().clear();

            int answers = send(bytes, mutations.cut(bytes.length));

            List<TestServer.Request> seen = List.copyOf(server.requests());
            assertThat(seen).as(shown).hasSizeLessThanOrEqualTo(answers);
            assertThat(seen).as(shown).allSatisfy(DesyncTest::assertWellFormed);
            assertThat(isWithin(seen.stream().map(DesyncTest::of).toList(), reference.messages()))
                    .as(shown + "\nseen: " + seen + "\nasked: " + reference.messages())
                    .isTrue();
            try (RawClient next = RawClient.plain(edge.httpPort())) {
                RawClient.Response answer = next.get("localhost", "/next" + round);
                assertThat(answer.status() == 408 ? "at /next" + round : answer.body())
                        .as(shown)
                        .isEqualTo("at /next" + round);
            }
        }
    }

    /** Returns how many whole answers came. */
    private int send(byte[] bytes, int cut) {
        int answers = 0;
        try (RawClient client = RawClient.plain(edge.httpPort())) {
            try {
                client.send(Arrays.copyOfRange(bytes, 0, cut));
                client.send(Arrays.copyOfRange(bytes, cut, bytes.length));
                while (true) {
                    if (client.response().status() >= 200) {
                        answers++;
                    }
                }
            } catch (UncheckedIOException closed) {
                return answers;
            }
        }
    }

    private record Asked(String method, String body) {}

    /** Whether these were asked in this order; others, which we answered ourselves, may have been between them. */
    private static boolean isWithin(List<Asked> seen, List<ReferenceReader.Message> asked) {
        int at = 0;
        for (ReferenceReader.Message message : asked) {
            if (at < seen.size() && seen.get(at).equals(new Asked(message.method(), message.body()))) {
                at++;
            }
        }
        return at == seen.size();
    }

    private static Asked of(TestServer.Request request) {
        String method = request.line().substring(0, request.line().indexOf(' '));
        return new Asked(
                method, request.header("Transfer-Encoding").isEmpty() ? request.body() : joined(request.body()));
    }

    /** A body without its chunks. */
    private static String joined(String chunks) {
        StringBuilder body = new StringBuilder();
        for (int at = 0; ; ) {
            int lineEnd = chunks.indexOf("\r\n", at);
            int size = Integer.parseInt(chunks.substring(at, lineEnd), 16);
            if (size == 0) {
                return body.toString();
            }
            body.append(chunks, lineEnd + 2, lineEnd + 2 + size);
            at = lineEnd + 2 + size + 2;
        }
    }

    static void assertWellFormed(TestServer.Request request) {
        List<String> lines = new ArrayList<>(request.head().lines().toList());
        assertThat(lines.remove(0)).matches("[!-~]+ /[!-~\\x80-\\xff]* HTTP/1\\.1");
        assertThat(lines.remove(lines.size() - 1)).isEmpty();
        assertThat(lines).allMatch(line -> line.matches("[A-Za-z0-9!#$%&'*+^`|~-]+: ?[\\t -~\\x80-\\xff]*"));
        assertThat(request.head().replace("\r\n", "")).doesNotContain("\r", "\n", "\0");
        assertThat(request.header("Host")).hasSize(1);
        assertThat(request.header("Content-Length").size()
                        + request.header("Transfer-Encoding").size())
                .isLessThanOrEqualTo(1);
    }
}
