package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How large a head may be is the same in every protocol: at the bound it passes, one beyond it does not. */
class HeadLimitsTest {
    private static final int HEAD = 1024;
    private static final int HEADERS = 20;
    private static final int LINE = 300;
    private static final String LIMITS =
            "limits: { request-line: %dB, head: %dB, headers: %d }".formatted(LINE, HEAD, HEADERS);

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** Fields in order, all but the pseudo-header fields and Host; the crumbs of the cookie come last. */
    record Head(String method, String path, List<String> fields, List<String> crumbs) {
        /** As HTTP/1.1 has it, with the crumbs as one field. */
        String text() {
            StringBuilder text = new StringBuilder(method + " " + path + " HTTP/1.1\r\nhost: localhost\r\n");
            for (int i = 0; i < fields.size(); i += 2) {
                text.append(fields.get(i) + ": " + fields.get(i + 1) + "\r\n");
            }
            if (!crumbs.isEmpty()) {
                text.append("cookie: " + String.join("; ", crumbs) + "\r\n");
            }
            return text + "\r\n";
        }

        String[] http2Fields() {
            List<String> all = new ArrayList<>(fields);
            crumbs.forEach(crumb -> all.addAll(List.of("cookie", crumb)));
            return all.toArray(String[]::new);
        }

        Head with(String... more) {
            return new Head(
                    method,
                    path,
                    Stream.concat(fields.stream(), Stream.of(more)).toList(),
                    crumbs);
        }

        /** The same with one more field, so that it has this many bytes. */
        Head filledTo(int bytes) {
            Head filled = with("x-fill", "");
            return with("x-fill", "f".repeat(bytes - filled.text().length()));
        }

        /** The same with more fields, so that it has this many, Host and cookie among them. */
        Head fieldsTo(int count) {
            Head more = this;
            for (int i = 1 + fields.size() / 2 + (crumbs.isEmpty() ? 0 : 1); i < count; i++) {
                more = more.with("x", "y");
            }
            return more;
        }
    }

    private static List<String> crumbs(int count, String crumb) {
        return IntStream.range(0, count).mapToObj(i -> crumb).toList();
    }

    static Stream<Arguments> heads() {
        return Stream.of(
                Arguments.of("plain", new Head("GET", "/", List.of(), List.of())),
                Arguments.of("long path", new Head("GET", "/" + "p".repeat(280), List.of(), List.of())),
                Arguments.of("te", new Head("GET", "/", List.of("te", "trailers"), List.of())),
                Arguments.of("no body where one is meant", new Head("POST", "/", List.of(), List.of())),
                Arguments.of("one cookie", new Head("GET", "/", List.of(), List.of("a=" + "b".repeat(500)))),
                Arguments.of("crumbs", new Head("GET", "/", List.of(), crumbs(10, "name=value-of-a-cookie"))),
                Arguments.of("more crumbs than fields", new Head("GET", "/", List.of(), crumbs(100, "n=val"))),
                Arguments.of("smallest crumbs", new Head("GET", "/", List.of(), crumbs(250, "c"))),
                Arguments.of("empty values", new Head("GET", "/", List.of("a", "", "b", "", "c", ""), List.of())));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("heads")
    void headPassesToTheBoundOverEveryProtocol(String name, Head head) throws Exception {
        edge.startWith(List.of(edge.closes(TestServer.saying("well")).address()), LIMITS);

        assertPasses(head.filledTo(HEAD - 1), 200);
        assertPasses(head.filledTo(HEAD), 200);
        assertPasses(head.filledTo(HEAD + 1), 431);
        assertPasses(head.fieldsTo(HEADERS - 1), 200);
        assertPasses(head.fieldsTo(HEADERS), 200);
        assertPasses(head.fieldsTo(HEADERS + 1), 431);
        assertPasses(head.fieldsTo(HEADERS - 1).filledTo(HEAD), 200);
    }

    @Test
    void requestLinePassesToTheBoundOverEveryProtocol() throws Exception {
        edge.startWith(List.of(edge.closes(TestServer.saying("well")).address()), LIMITS);
        String path = "/" + "p".repeat(LINE - "GET / HTTP/1.1".length());

        assertPasses(new Head("GET", path, List.of(), List.of()), 200);
        assertPasses(new Head("GET", path + "p", List.of(), List.of()), 414);
        assertPasses(new Head("GET", path + "p".repeat(2 * HEAD), List.of(), List.of()), 414);
    }

    /** What a browser with many cookies sends, with limits as they are by default. */
    @Test
    void hundredAndSixtyCookiesPass() throws Exception {
        edge.startWith(edge.closes(TestServer.saying("well")));

        assertPasses(new Head("GET", "/", List.of(), crumbs(160, "n".repeat(20) + "=" + "v".repeat(46))), 200);
    }

    private void assertPasses(Head head, int status) throws Exception {
        assertThat(edge.client().send(head.text()).response().status())
                .as("HTTP/1.1")
                .isEqualTo(status);
        try (Http2Client client = client()) {
            assertThat(client.request(1, head.method(), head.path(), true, head.http2Fields())
                            .response(1)
                            .status())
                    .as("HTTP/2")
                    .isEqualTo(status);
        }
    }

    private Http2Client client() throws Exception {
        return Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost");
    }

    // ---- trailers of requests

    @Test
    void trailersOfARequestPassToTheBoundOverEveryProtocol() throws Exception {
        edge.startWith(List.of(edge.closes(TestServer.saying("well")).address()), LIMITS);

        assertTrailersPass(HEAD, 1, true);
        assertTrailersPass(HEAD + 1, 1, false);
        assertTrailersPass(500, HEADERS, true);
        assertTrailersPass(500, HEADERS + 1, false);
    }

    /** @param bytes of the section as HTTP/1.1 has it, with its empty line */
    private static List<String> section(int bytes, int fields) {
        List<String> section = new ArrayList<>();
        for (int i = 1; i < fields; i++) {
            section.addAll(List.of("x", "y"));
        }
        section.addAll(List.of("x", "f".repeat(bytes - (fields - 1) * "x: y\r\n".length() - "x: \r\n\r\n".length())));
        return section;
    }

    private static String text(List<String> section) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < section.size(); i += 2) {
            text.append(section.get(i) + ": " + section.get(i + 1) + "\r\n");
        }
        return text + "\r\n";
    }

    private void assertTrailersPass(int bytes, int fields, boolean pass) throws Exception {
        List<String> section = section(bytes, fields);
        RawClient http1 = edge.client()
                .send("POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + text(section));
        assertThat(http1.response().status() == 200).as("HTTP/1.1").isEqualTo(pass);
        try (Http2Client client = client()) {
            client.request(1, "POST", "/", false).headers(1, true, section.toArray(String[]::new));
            int end = client.await(frame -> frame.stream() == 1
                            && (frame.type() == Http2Client.HEADERS || frame.type() == Http2Client.RST_STREAM))
                    .type();
            assertThat(end == Http2Client.HEADERS).as("HTTP/2").isEqualTo(pass);
        }
    }

    // ---- what servers say

    @Test
    void responsePassesToTheBoundOverEveryProtocol() throws Exception {
        List<List<String>> sections = List.of(
                section(2 * HEAD - 15, 1),
                section(2 * HEAD - 15 + 1, 1),
                section(1000, 2 * HEADERS),
                section(1000, 2 * HEADERS + 1));
        startServers(path -> "HTTP/1.1 204 \r\n" + text(sections.get(path)), (stream, path, connection) -> {
            List<String> all = new ArrayList<>(List.of(":status", "204"));
            all.addAll(sections.get(path));
            connection.headers(stream, true, all.toArray(String[]::new));
        });

        assertAnswers(204, 502, 204, 502);
    }

    @Test
    void trailersOfAResponsePassToTheBoundOverEveryProtocol() throws Exception {
        List<List<String>> sections = List.of(
                section(2 * HEAD, 1), section(2 * HEAD + 1, 1), section(1000, HEADERS), section(1000, HEADERS + 1));
        startServers(
                path -> "HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + text(sections.get(path)),
                (stream, path, connection) -> connection
                        .headers(stream, false, ":status", "200")
                        .headers(stream, true, sections.get(path).toArray(String[]::new)));

        assertAnswers(200, 0, 200, 0);
    }

    @FunctionalInterface
    private interface Text {
        String of(int path);
    }

    @FunctionalInterface
    private interface Frames {
        void send(int stream, int path, Http2Server.Connection connection);
    }

    private void startServers(Text http1, Frames http2) throws Exception {
        TestServer one = edge.closes(
                TestServer.start((request, connection) -> connection.send(http1.of(number(request.path())))));
        Http2Server two = edge.closes(Http2Server.start(
                (request, connection) -> http2.send(request.stream(), number(request.path()), connection)));
        edge.start("""
                sites:
                  - names: [localhost]
                    certificate: %s
                    routes:
                      - { path: /one, backend: one }
                      - { path: /two, backend: two }
                backends:
                  one: { servers: ["%s"] }
                  two: { servers: ["%s"], protocol: h2c }
                %s
                """.formatted(edge.site().certificate("localhost"), one.address(), two.address(), LIMITS));
    }

    private static int number(String path) {
        return Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
    }

    private static boolean isBadGateway(Http2Wire.Frame frame) {
        return frame.type() == Http2Client.HEADERS
                && frame.headers().status() != null
                && frame.headers().status().toString().equals("502");
    }

    /** Of each path in turn; 0 for a response that is broken off, or that nothing of was passed on yet. */
    private void assertAnswers(int... statuses) throws Exception {
        for (String server : List.of("/one/", "/two/")) {
            try (Http2Client client = client()) {
                for (int path = 0; path < statuses.length; path++) {
                    int stream = 1 + 2 * path;
                    client.get(stream, server + path);
                    if (statuses[path] == 0) {
                        assertThat(client.await(frame -> frame.stream() == stream
                                        && (frame.type() == Http2Client.RST_STREAM || isBadGateway(frame))))
                                .as("%s%d", server, path)
                                .isNotNull();
                    } else {
                        assertThat(client.response(stream).status())
                                .as("%s%d", server, path)
                                .isEqualTo(statuses[path]);
                    }
                }
            }
        }
    }
}
