package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.AtOnce;
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
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every case of {@link FramingTest} and {@link ResponseFramingTest}, cut in two: what comes of it does not depend on where
 * the network has cut it, and comes {@linkplain AtOnce at once}. Many connections at once; the second part is sent once the
 * edge has read the first.
 */
class CutsTest {
    private static final int AT_ONCE = 200;

    /** What a quick run looks at: one offset in so many, another one in each case. */
    private static final int STRIDE = 23;

    /** What is longer than twice this is the same over and over in its middle. */
    private static final int LOOKED_AT = 120;

    /** Of what comes byte by byte: each byte is a round through the kernel. What is longer is a limit of some thousands. */
    private static final int LONGEST = 1000;

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
        requests(STRIDE, false);
    }

    /** The parts are records. A sample: each is a handshake. */
    @Test
    @Tag("long")
    void cutDoesNotChangeWhatBecomesOfARequestOverTls() throws Exception {
        requests(5 * STRIDE, true);
    }

    @Test
    @Tag("long")
    void noCutChangesWhatBecomesOfARequest() throws Exception {
        requests(1, false);
    }

    private void requests(int stride, boolean tls) throws Exception {
        TestServer server = edge.closes(TestServer.saying("yes"));
        edge.startPlaintext(server, AtOnce.TIMEOUTS);
        Map<String, String> malformed = new HashMap<>(FramingTest.malformed());
        if (tls) {
            // There it is well formed.
            malformed.remove("no Host in HTTP/1.0");
        }
        Map<String, Integer> whole = new HashMap<>();
        answers(
                        malformed.entrySet().stream()
                                .map(each -> new Cut(each.getKey(), each.getValue(), 0))
                                .toList(),
                        tls)
                .forEach((cut, answer) -> whole.put(cut.name(), status(answer)));

        answers(cuts(malformed, stride), tls).forEach((cut, answer) -> {
            assertThat(answer.split("HTTP/1.1 ", -1)).as(cut + ": " + answer).hasSize(2);
            assertThat(status(answer)).as(cut.toString()).isEqualTo(whole.get(cut.name()));
        });
        assertThat(server.requests()).isEmpty();
        assertThat(server.received()).doesNotContain("smuggled");

        Map<String, String> wellFormed = new HashMap<>();
        for (FramingTest.Good good : FramingTest.wellFormed()) {
            wellFormed.put(good.name(), closing(good));
        }
        answers(cuts(wellFormed, stride), tls)
                .forEach((cut, answer) -> assertThat(answer)
                        .as(cut.toString())
                        .contains("HTTP/1.1 200 ")
                        .endsWith("yes"));
    }

    @Test
    @Tag("long")
    void requestsMayComeByteByByte() throws Exception {
        TestServer server = edge.closes(TestServer.saying("yes"));
        edge.startPlaintext(server, AtOnce.TIMEOUTS);
        List<Map.Entry<String, String>> cases = new ArrayList<>();
        for (FramingTest.Good good : FramingTest.wellFormed()) {
            cases.add(Map.entry(good.name(), closing(good)));
        }
        cases.removeIf(each -> takesTooLong(each.getValue()));
        int good = cases.size();
        cases.addAll(FramingTest.malformed().entrySet());
        cases.removeIf(each -> takesTooLong(each.getValue()));
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            clients.add(RawClient.plain(edge.httpPort()));
        }
        int longest =
                cases.stream().mapToInt(each -> each.getValue().length()).max().orElseThrow();
        for (int at = 0; at < longest; at++) {
            List<RawClient> sending = new ArrayList<>();
            for (int i = 0; i < clients.size(); i++) {
                String text = cases.get(i).getValue();
                if (at < text.length()) {
                    sending.add(clients.get(i));
                    send(clients.get(i), text.substring(at, at + 1));
                }
            }
            KernelQueues.awaitRead(sockets(sending));
        }
        AtOnce.assertAnswered(clients);
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

    /** A body that takes over ten seconds is too slow, byte by byte on a busy machine as well; of a head we may wait. */
    private static boolean takesTooLong(String request) {
        int head = request.indexOf("\r\n\r\n");
        return request.length() > LONGEST || (head >= 0 && request.length() - head > LOOKED_AT);
    }

    /** Sends each in its two parts, and returns all that came back until the edge closed. */
    private Map<Cut, String> answers(List<Cut> cuts, boolean tls) throws Exception {
        Map<Cut, String> answers = new HashMap<>();
        for (int from = 0; from < cuts.size(); from += AT_ONCE) {
            List<Cut> batch = cuts.subList(from, Math.min(cuts.size(), from + AT_ONCE));
            List<RawClient> clients = new ArrayList<>();
            for (Cut cut : batch) {
                clients.add((tls
                                ? RawClient.tls(edge.httpsPort(), edge.trust(), "localhost")
                                : RawClient.plain(edge.httpPort()))
                        .send(cut.first()));
            }
            KernelQueues.awaitRead(sockets(clients));
            for (int i = 0; i < batch.size(); i++) {
                send(clients.get(i), batch.get(i).second());
            }
            KernelQueues.awaitRead(sockets(clients));
            AtOnce.assertAnswered(clients);
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

    @Test
    @Tag("long")
    void noCutChangesWhatBecomesOfAnAnswer() throws Exception {
        answersOfServers(1);
    }

    private void answersOfServers(int stride) throws Exception {
        Parts parts = startWithServerInParts();

        served(parts, ResponseFramingTest.malformedHeads(), stride)
                .forEach((cut, answer) -> refused(cut.toString(), answer));
        served(parts, ResponseFramingTest.overlongBodies(), stride)
                .forEach((cut, answer) -> withoutWhatFollows(cut.toString(), answer));
        served(parts, ResponseFramingTest.bodiesWhereNoneMayBe(), stride)
                .forEach((cut, answer) -> bodiless(cut.toString(), answer));
        served(parts, ResponseFramingTest.brokenBodies(), stride)
                .forEach((cut, answer) -> incomplete(cut.toString(), answer));
    }

    @Test
    @Tag("long")
    void answersMayComeByteByByte() throws Exception {
        Parts parts = startWithServerInParts();

        byteByByte(parts, ResponseFramingTest.malformedHeads()).forEach(CutsTest::refused);
        byteByByte(parts, ResponseFramingTest.overlongBodies()).forEach(CutsTest::withoutWhatFollows);
        byteByByte(parts, ResponseFramingTest.bodiesWhereNoneMayBe()).forEach(CutsTest::bodiless);
        byteByByte(parts, ResponseFramingTest.brokenBodies()).forEach(CutsTest::incomplete);
    }

    private static void refused(String what, String answer) {
        assertThat(answer.substring(answer.lastIndexOf("HTTP/1.1 ") + 9))
                .as(what + ": " + answer)
                .startsWith("502 ");
    }

    /** In however many chunks. */
    private static void withoutWhatFollows(String what, String answer) {
        assertThat(answer.replaceAll("\r\n[0-9a-f]\r\n", ""))
                .as(what)
                .startsWith("HTTP/1.1 200 ")
                .contains("hello")
                .doesNotContain("poison");
    }

    private static void bodiless(String what, String answer) {
        assertThat(status(answer)).as(what + ": " + answer).isIn(204, 304);
    }

    private static void incomplete(String what, String answer) {
        if (!answer.startsWith("HTTP/1.1 502 ")) {
            assertThat(answer).as(what).startsWith("HTTP/1.1 200 ").doesNotContain("\r\n0\r\n\r\n", "helloworld");
        }
    }

    /**
     * An answer that is complete in its first part leaves its connection to the next request, and that would wait for a
     * server that has not said its second part yet: only one client's requests go over each.
     */
    private Parts startWithServerInParts() throws Exception {
        Parts parts = new Parts();
        TestServer server = edge.closes(TestServer.conversing(parts));
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites: [{ names: [localhost], backend: web, certificate: %s }]
                backends: { web: { servers: ["%s"], proxy-protocol: v2 } }
                %s
                """.formatted(edge.site().certificate("localhost"), server.address(), AtOnce.TIMEOUTS));
        return parts;
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
            List<RawClient> clients = parts.ask(edge.httpPort(), batch.size());
            for (int i = 0; i < batch.size(); i++) {
                parts.send(i, batch.get(i).first());
            }
            parts.awaitRead();
            for (int i = 0; i < batch.size(); i++) {
                parts.send(i, batch.get(i).second());
                parts.then(i, Objects.requireNonNull(thens.get(batch.get(i).name())));
            }
            parts.awaitRead();
            AtOnce.assertAnswered(clients);
            for (int i = 0; i < batch.size(); i++) {
                came.put(batch.get(i), all(clients.get(i), batch.get(i)));
            }
        }
        return came;
    }

    private Map<String, String> byteByByte(Parts parts, List<ResponseFramingTest.Answer> answers) throws Exception {
        List<ResponseFramingTest.Answer> cases = answers.stream()
                .filter(answer -> answer.bytes().length() <= LONGEST)
                .toList();
        List<RawClient> clients = parts.ask(edge.httpPort(), cases.size());
        int longest =
                cases.stream().mapToInt(each -> each.bytes().length()).max().orElseThrow();
        for (int at = 0; at < longest; at++) {
            for (int i = 0; i < cases.size(); i++) {
                String text = cases.get(i).bytes();
                if (at < text.length()) {
                    parts.send(i, text.substring(at, at + 1));
                }
            }
            parts.awaitRead();
        }
        Map<String, String> came = new HashMap<>();
        for (int i = 0; i < cases.size(); i++) {
            parts.then(i, cases.get(i).then());
        }
        AtOnce.assertAnswered(clients);
        for (int i = 0; i < cases.size(); i++) {
            came.put(cases.get(i).name(), all(clients.get(i), cases.get(i).name()));
        }
        return came;
    }

    private static String all(RawClient client, Object what) {
        try (client) {
            return text(client.untilClosed());
        } catch (UncheckedIOException timeout) {
            throw new AssertionError(what + ": no answer", timeout);
        }
    }

    /** A server that says what the test says, when it says so. Behind PROXY headers. */
    private static final class Parts implements TestServer.Conversation {
        /** Of version 2, with two addresses of IPv4. */
        private static final int PROXY_HEADER = 28;

        private final Map<String, TestServer.Connection> asked = new ConcurrentHashMap<>();

        /** Has so many clients ask; returns when the server has all their requests. */
        List<RawClient> ask(int port, int count) {
            asked.clear();
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                clients.add(RawClient.plain(port)
                        .send("GET /" + i + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
            }
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> asked.size() == count);
            return clients;
        }

        void send(int client, String part) {
            try {
                connection(client).send(part);
            } catch (IOException closed) {
                // The edge has heard enough.
            }
        }

        void then(int client, ResponseFramingTest.Then then) throws IOException {
            if (then == ResponseFramingTest.Then.CLOSES) {
                connection(client).close();
            } else if (then == ResponseFramingTest.Then.RESETS) {
                connection(client).reset();
            }
        }

        void awaitRead() {
            KernelQueues.awaitRead(
                    asked.values().stream().map(TestServer.Connection::socket).toArray(Socket[]::new));
        }

        private TestServer.Connection connection(int client) {
            return Objects.requireNonNull(asked.get("/" + client));
        }

        @Override
        public void with(TestServer.Connection connection) throws IOException {
            connection.in().readNBytes(PROXY_HEADER);
            for (TestServer.Request request = connection.read(); request != null; request = connection.read()) {
                asked.put(request.path(), connection);
            }
            // As RawClient does: nothing of it stays in the kernel.
            connection.reset();
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
