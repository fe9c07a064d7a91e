package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.KernelQueues;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every case of {@link FramingTest} and {@link ResponseFramingTest}, cut in two: what comes of it does not depend on where
 * the network has cut it. Many connections at once; the second part is sent once the edge has read the first.
 */
class CutsTest {
    /** Whoever waits in vain, or is let wait, is answered something else. */
    private static final String TIMEOUTS = "timeouts: { request-head: 10m, request-body: 10m, response: 60s }";

    private static final int AT_ONCE = 200;

    /** What a quick run looks at: one offset in so many, another one in each case. */
    private static final int STRIDE = 23;

    /** What is longer than twice this is the same over and over in its middle. */
    private static final int LOOKED_AT = 120;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** @param at how many bytes of {@code text} come first; 0 for all at once */
    private record Cut(String name, String text, int at) {
        String first() {
            return text.substring(0, at);
        }

        String second() {
            return text.substring(at);
        }

        @Override
        public String toString() {
            return name + ", cut at " + at + " of " + text.length();
        }
    }

    private static List<Cut> cuts(Map<String, String> cases, int stride) {
        List<Cut> cuts = new ArrayList<>();
        int turn = 0;
        for (Map.Entry<String, String> each : cases.entrySet()) {
            String text = each.getValue();
            for (int at = stride == 1 ? 1 : 1 + turn++ % stride; at < text.length(); at += stride) {
                if (at < LOOKED_AT || at > text.length() - LOOKED_AT) {
                    cuts.add(new Cut(each.getKey(), text, at));
                }
            }
        }
        return cuts;
    }

    // ---- requests

    @Test
    void cutDoesNotChangeWhatBecomesOfARequest() throws Exception {
        requests(STRIDE);
    }

    @Test
    @Tag("long")
    void noCutChangesWhatBecomesOfARequest() throws Exception {
        requests(1);
    }

    private void requests(int stride) throws Exception {
        TestServer server = edge.closes(TestServer.saying("yes"));
        edge.startPlaintext(server, TIMEOUTS);
        Map<String, String> malformed = FramingTest.malformed();
        Map<String, Integer> whole = new HashMap<>();
        answers(malformed.entrySet().stream()
                        .map(each -> new Cut(each.getKey(), each.getValue(), 0))
                        .toList())
                .forEach((cut, answer) -> whole.put(cut.name(), status(answer)));

        answers(cuts(malformed, stride)).forEach((cut, answer) -> {
            assertThat(answer.split("HTTP/1.1 ", -1)).as(cut + ": " + answer).hasSize(2);
            assertThat(status(answer)).as(cut.toString()).isEqualTo(whole.get(cut.name()));
        });
        assertThat(server.requests()).isEmpty();
        assertThat(server.received()).doesNotContain("smuggled");

        Map<String, String> wellFormed = new HashMap<>();
        for (FramingTest.Good good : FramingTest.wellFormed()) {
            wellFormed.put(good.name(), closing(good));
        }
        answers(cuts(wellFormed, stride))
                .forEach((cut, answer) -> assertThat(answer)
                        .as(cut.toString())
                        .contains("HTTP/1.1 200 ")
                        .endsWith("yes"));
    }

    @Test
    @Tag("long")
    void requestsMayComeByteByByte() throws Exception {
        TestServer server = edge.closes(TestServer.saying("yes"));
        edge.startPlaintext(server, TIMEOUTS);
        List<Map.Entry<String, String>> cases = new ArrayList<>();
        for (FramingTest.Good good : FramingTest.wellFormed()) {
            cases.add(Map.entry(good.name(), closing(good)));
        }
        cases.removeIf(each -> each.getValue().length() > LOOKED_AT);
        int good = cases.size();
        cases.addAll(FramingTest.malformed().entrySet());
        // Each byte is a round through the kernel for all.
        cases.removeIf(each -> each.getValue().length() > LOOKED_AT);
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            clients.add(RawClient.plain(edge.httpPort()));
        }
        int longest =
                cases.stream().mapToInt(each -> each.getValue().length()).max().orElseThrow();
        for (int at = 0; at < longest; at++) {
            for (int i = 0; i < clients.size(); i++) {
                String text = cases.get(i).getValue();
                if (at < text.length()) {
                    send(clients.get(i), text.substring(at, at + 1));
                }
            }
            KernelQueues.awaitRead(sockets(clients));
        }
        for (int i = 0; i < clients.size(); i++) {
            String name = cases.get(i).getKey();
            try (RawClient client = clients.get(i)) {
                String answer = text(client.untilClosed());
                if (i < good) {
                    assertThat(answer).as(name).contains("HTTP/1.1 200 ").endsWith("yes");
                } else {
                    assertThat(status(answer)).as(name).isIn(400, 505);
                }
            }
        }
        assertThat(server.received()).doesNotContain("smuggled");
    }

    /** Sends each in its two parts, and returns all that came back until the edge closed. */
    private Map<Cut, String> answers(List<Cut> cuts) throws Exception {
        Map<Cut, String> answers = new HashMap<>();
        for (int from = 0; from < cuts.size(); from += AT_ONCE) {
            List<Cut> batch = cuts.subList(from, Math.min(cuts.size(), from + AT_ONCE));
            List<RawClient> clients = new ArrayList<>();
            for (Cut cut : batch) {
                clients.add(RawClient.plain(edge.httpPort()).send(cut.first()));
            }
            KernelQueues.awaitRead(sockets(clients));
            for (int i = 0; i < batch.size(); i++) {
                send(clients.get(i), batch.get(i).second());
            }
            for (int i = 0; i < batch.size(); i++) {
                try (RawClient client = clients.get(i)) {
                    answers.put(batch.get(i), text(client.untilClosed()));
                } catch (UncheckedIOException timeout) {
                    throw new AssertionError(batch.get(i) + ": no answer", timeout);
                }
            }
        }
        return answers;
    }

    /** The edge may have answered, and closed, already. */
    private static void send(RawClient client, String text) {
        try {
            client.send(text);
        } catch (UncheckedIOException closed) {
            // What it said before it did is still there.
        }
    }

    // ---- answers

    @Test
    void cutDoesNotChangeWhatBecomesOfAnAnswer() throws Exception {
        answersOfServers(STRIDE);
    }

    private void answersOfServers(int stride) throws Exception {
        Parts parts = new Parts();
        TestServer server = edge.closes(TestServer.start(parts));
        edge.startPlaintext(server, TIMEOUTS);

        served(parts, ResponseFramingTest.malformedHeads(), stride)
                .forEach((cut, answer) ->
                        assertThat(last(answer)).as(cut + ": " + answer).startsWith("502 "));
        served(parts, ResponseFramingTest.overlongBodies(), stride)
                .forEach((cut, answer) -> assertThat(answer)
                        .as(cut.toString())
                        .startsWith("HTTP/1.1 200 ")
                        .contains("hello")
                        .doesNotContain("poison"));
        served(parts, ResponseFramingTest.bodiesWhereNoneMayBe(), stride)
                .forEach((cut, answer) ->
                        assertThat(status(answer)).as(cut.toString()).isIn(204, 304));
        served(parts, ResponseFramingTest.brokenBodies(), stride).forEach((cut, answer) -> {
            if (!answer.startsWith("HTTP/1.1 502 ")) {
                assertThat(answer).as(cut.toString()).doesNotContain("\r\n0\r\n\r\n", "helloworld");
            }
        });
    }

    private static String last(String answers) {
        return answers.substring(answers.lastIndexOf("HTTP/1.1 ") + 9);
    }

    private Map<Cut, String> served(Parts parts, List<ResponseFramingTest.Answer> answers, int stride)
            throws Exception {
        Map<String, String> texts = new HashMap<>();
        Map<String, ResponseFramingTest.Then> thens = new HashMap<>();
        for (ResponseFramingTest.Answer answer : answers) {
            texts.put(answer.name(), answer.bytes());
            thens.put(answer.name(), answer.then());
        }
        List<Cut> cuts = cuts(texts, stride);
        Map<Cut, String> came = new HashMap<>();
        for (int from = 0; from < cuts.size(); from += AT_ONCE) {
            List<Cut> batch = cuts.subList(from, Math.min(cuts.size(), from + AT_ONCE));
            parts.next(batch, thens);
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < batch.size(); i++) {
                clients.add(RawClient.plain(edge.httpPort())
                        .send("GET /" + i + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
            }
            parts.sendSecondOnceFirstIsRead();
            for (int i = 0; i < batch.size(); i++) {
                try (RawClient client = clients.get(i)) {
                    came.put(batch.get(i), text(client.untilClosed()));
                } catch (UncheckedIOException timeout) {
                    throw new AssertionError(batch.get(i) + ": no answer", timeout);
                }
            }
        }
        return came;
    }

    /** Sends the first part of an answer, and the second once the edge has read all first parts. */
    private static final class Parts implements TestServer.Script {
        private final Map<String, Cut> wanted = new ConcurrentHashMap<>();
        private final List<Socket> sent = new CopyOnWriteArrayList<>();
        private Map<String, ResponseFramingTest.Then> thens = Map.of();
        private volatile CountDownLatch read = new CountDownLatch(1);

        void next(List<Cut> batch, Map<String, ResponseFramingTest.Then> next) {
            wanted.clear();
            sent.clear();
            thens = next;
            read = new CountDownLatch(1);
            for (int i = 0; i < batch.size(); i++) {
                wanted.put("/" + i, batch.get(i));
            }
        }

        void sendSecondOnceFirstIsRead() {
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> sent.size() >= wanted.size());
            KernelQueues.awaitRead(sent.toArray(Socket[]::new));
            read.countDown();
        }

        @Override
        public void answer(TestServer.Request request, TestServer.Connection connection) throws IOException {
            Cut cut = Objects.requireNonNull(wanted.get(request.path()), request.path());
            CountDownLatch released = read;
            connection.send(cut.first());
            sent.add(connection.socket());
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            try {
                connection.send(cut.second());
            } finally {
                ResponseFramingTest.Then then = thens.get(cut.name());
                if (then == ResponseFramingTest.Then.CLOSES) {
                    connection.close();
                } else if (then == ResponseFramingTest.Then.RESETS) {
                    connection.reset();
                }
            }
        }
    }

    // ---- vocabulary

    private static Socket[] sockets(List<RawClient> clients) {
        return clients.stream().map(RawClient::socket).toArray(Socket[]::new);
    }

    private static int status(String answer) {
        return answer.startsWith("HTTP/1.1 ") ? Integer.parseInt(answer.substring(9, 12)) : 0;
    }

    /** So that the end of the answer can be seen. */
    private static String closing(FramingTest.Good good) {
        return good.request().replaceFirst("(?i)(\r\nhost:)", "\r\nConnection: close$1");
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
