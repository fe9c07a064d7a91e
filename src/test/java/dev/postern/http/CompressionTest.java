package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import com.aayushatharva.brotli4j.decoder.DecoderJNI;
import com.github.luben.zstd.ZstdInputStream;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which responses are compressed, what the client is told of it, and that it gets back what the server sent. */
class CompressionTest {
    private static final String PAGE = "<p>to be or not to be</p>\n".repeat(1000);

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void clientGetsWhatItAsksForAndReadsWhatTheServerSent(String encoding) throws Exception {
        serve(html("", PAGE));

        RawClient.Response response = get(edge.client(), "Accept-Encoding: " + encoding);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("Content-Encoding")).containsExactly(encoding);
        assertThat(response.header("Vary")).containsExactly("Accept-Encoding");
        assertThat(response.header("Transfer-Encoding")).containsExactly("chunked");
        assertThat(response.header("Content-Length")).isEmpty();
        assertThat(response.body()).hasSizeLessThan(PAGE.length() / 10);
        assertThat(decoded(encoding, response.body())).isEqualTo(PAGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void http2ClientToo(String encoding) throws Exception {
        serve(html("", PAGE));
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));

        Http2Wire.Response response =
                client.get(1, "/", "accept-encoding", encoding).response(1);

        assertThat(response.headers().get("content-encoding")).hasToString(encoding);
        assertThat(response.headers().get("vary")).hasToString("Accept-Encoding");
        assertThat(response.headers().contains("content-length")).isFalse();
        assertThat(decoded(encoding, new String(response.bytes(), StandardCharsets.ISO_8859_1)))
                .isEqualTo(PAGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void largeBodyThatDoesNotCompressComesThroughWhole(String encoding) throws Exception {
        byte[] noise = new byte[512 * 1024];
        new Random(4711).nextBytes(noise);
        String body = new String(noise, StandardCharsets.ISO_8859_1);
        serve((request, connection) -> {
            connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + noise.length + "\r\n\r\n");
            connection.send(noise);
        });
        RawClient client = edge.client();

        // Twice, over the same connection: nothing of the first may be left.
        for (int i = 0; i < 2; i++) {
            String got = decoded(
                    encoding, get(client, "Accept-Encoding: " + encoding).body());
            assertThat(got.equals(body)).isTrue();
        }
    }

    @Test
    void clientOfHttp10LearnsTheEndByTheClosing() throws Exception {
        serve(html("", PAGE));
        RawClient client = edge.client()
                .request("GET / HTTP/1.0", "Host: localhost", "Connection: keep-alive", "Accept-Encoding: gzip");

        RawClient.Response response = client.response();

        assertThat(response.header("Transfer-Encoding")).isEmpty();
        assertThat(response.header("Connection")).containsExactly("close");
        assertThat(decoded("gzip", response.body())).isEqualTo(PAGE);
    }

    @Test
    void clientHasItsWay() throws Exception {
        serve(html("", PAGE));
        RawClient client = edge.client();

        for (String[] wish : new String[][] {
            {"gzip, br, zstd", "zstd"},
            {"gzip, deflate, br", "br"},
            {"gzip;q=1.0, br;q=0.9, zstd;q=0.5", "gzip"},
            {"*", "zstd"},
            {"*;q=0.1, br;q=0", "zstd"},
            {"zstd;q=0, *", "br"},
            {"GZIP", "gzip"},
            {"x-gzip", "gzip"},
            {" gzip ; q = 0.001 ", "gzip"},
            {"identity;q=0, gzip", "gzip"},
            {"identity;q=0.5, gzip;q=0.6", "gzip"},
            {"identity;q=1, gzip;q=0.6", ""},
            {"identity", ""},
            {"gzip;q=0", ""},
            {"gzip;q=0.000, *;q=0", ""},
            {"gzip;q=2", ""},
            {"gzip;q=x", ""},
            {"deflate, compress", ""},
            {"", ""},
        }) {
            RawClient.Response response = get(client, "Accept-Encoding: " + wish[0]);

            assertThat(String.join(",", response.header("Content-Encoding")))
                    .as(wish[0])
                    .isEqualTo(wish[1]);
            assertThat(response.header("Vary")).as(wish[0]).containsExactly("Accept-Encoding");
            if (wish[1].isEmpty()) {
                assertThat(response.body()).isEqualTo(PAGE);
                assertThat(response.header("Content-Length")).hasSize(1);
            }
        }
        assertThat(get(client).header("Content-Encoding")).isEmpty();
    }

    @Test
    void headTellsOfAnotherRepresentation() throws Exception {
        serve(html(
                "ETag: \"abc\"\r\nAccept-Ranges: bytes\r\nContent-MD5: x\r\nVary: Origin\r\nX-Other: stays\r\n", PAGE));
        RawClient client = edge.client();

        RawClient.Response packed = get(client, "Accept-Encoding: gzip");
        RawClient.Response plain = get(client);

        assertThat(packed.header("ETag")).containsExactly("W/\"abc\"");
        assertThat(packed.header("Accept-Ranges")).isEmpty();
        assertThat(packed.header("Content-MD5")).isEmpty();
        assertThat(packed.header("Vary")).containsExactly("Origin, Accept-Encoding");
        assertThat(packed.header("X-Other")).containsExactly("stays");
        assertThat(plain.header("ETag")).containsExactly("\"abc\"");
        assertThat(plain.header("Accept-Ranges")).containsExactly("bytes");
        assertThat(plain.header("Vary")).containsExactly("Origin, Accept-Encoding");
    }

    @Test
    void whatVariesAlreadyIsNotSaidTwice() throws Exception {
        List<String> all = List.of("accept-encoding", "Origin, Accept-Encoding, Cookie", "*");
        List<String> left = new ArrayList<>(all);
        serve((request, connection) -> html("Vary: " + left.remove(0) + "\r\nETag: W/\"abc\"\r\n", PAGE)
                .answer(request, connection));
        RawClient client = edge.client();
        for (String vary : all) {
            RawClient.Response response = get(client, "Accept-Encoding: gzip");

            assertThat(response.header("Vary")).containsExactly(vary);
            assertThat(response.header("ETag")).containsExactly("W/\"abc\"");
            assertThat(response.header("Content-Encoding")).containsExactly("gzip");
        }
    }

    @Test
    void notModifiedHasTheTagOfWhatTheClientMayHave() throws Exception {
        serve((request, connection) -> connection.send("HTTP/1.1 304 Not Modified\r\nETag: \"abc\"\r\n\r\n"));

        RawClient.Response response = get(edge.client(), "Accept-Encoding: gzip", "If-None-Match: W/\"abc\"");

        assertThat(response.status()).isEqualTo(304);
        assertThat(response.header("ETag")).containsExactly("W/\"abc\"");
        assertThat(response.header("Vary")).containsExactly("Accept-Encoding");
        assertThat(response.header("Content-Encoding")).isEmpty();
    }

    @Test
    void answerToHeadSaysWhatGetWould() throws Exception {
        serve((request, connection) -> connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"abc\"\r\nContent-Length: 5000\r\n\r\n"));
        RawClient client = edge.client();
        client.request("HEAD / HTTP/1.1", "Host: localhost", "Accept-Encoding: br");

        RawClient.Response response = client.response(true);

        assertThat(response.header("Content-Encoding")).containsExactly("br");
        assertThat(response.header("ETag")).containsExactly("W/\"abc\"");
        assertThat(response.header("Content-Length")).isEmpty();
        client.request("HEAD / HTTP/1.1", "Host: localhost");
        assertThat(client.response(true).header("Content-Length")).containsExactly("5000");
    }

    @Test
    void othersAreLeftAlone() throws Exception {
        String small = PAGE.substring(0, 1023);
        List<String> all = List.of(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n" + length(PAGE),
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: identity\r\n" + length(PAGE),
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: max-age=5, No-Transform\r\n"
                        + length(PAGE),
                "HTTP/1.1 206 Partial Content\r\nContent-Type: text/html\r\nContent-Range: bytes 0-9/10\r\n"
                        + length(PAGE),
                "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n" + length(PAGE),
                "HTTP/1.1 200 OK\r\nContent-Type: application/grpc+json\r\n" + length(PAGE),
                "HTTP/1.1 200 OK\r\n" + length(PAGE),
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + length(small),
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 204 No Content\r\nContent-Type: text/html\r\n\r\n");
        List<String> left = new ArrayList<>(all);
        serve((request, connection) -> connection.send(left.remove(0)));
        RawClient client = edge.client();
        for (String response : all) {
            RawClient.Response got = get(client, "Accept-Encoding: gzip, br, zstd");

            String head = response.substring(0, response.indexOf("\r\n\r\n"));
            assertThat(got.header("Vary")).as(head).isEmpty();
            assertThat(got.body()).as(head).isEqualTo(response.substring(response.indexOf("\r\n\r\n") + 4));
        }
    }

    @Test
    void clientThatForbidsItGetsTheBodyAsItIs() throws Exception {
        serve(html("", PAGE));

        RawClient.Response response = get(edge.client(), "Accept-Encoding: gzip", "Cache-Control: no-transform");

        assertThat(response.header("Content-Encoding")).isEmpty();
        assertThat(response.body()).isEqualTo(PAGE);
    }

    @Test
    void nothingIsCompressedUnlessConfigured() throws Exception {
        TestServer server = edge.closes(TestServer.start(html("", PAGE)));
        edge.startWith(List.of(server.address()), "");

        RawClient.Response response = get(edge.client(), "Accept-Encoding: gzip");

        assertThat(response.header("Content-Encoding")).isEmpty();
        assertThat(response.header("Vary")).isEmpty();
        assertThat(response.body()).isEqualTo(PAGE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void everyEventIsThereBeforeTheNextOneIsSent(String encoding) throws Exception {
        CountDownLatch[] seen = {new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1)};
        serve((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + chunk("data: 0\n\n"));
            for (int i = 0; i < 3; i++) {
                await(seen[i]);
                connection.send(chunk("data: " + (i + 1) + "\n\n"));
            }
            connection.send("0\r\n\r\n");
        });
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost", "Accept-Encoding: " + encoding);
        InputStream body = new Chunks(client);
        InputStream events = encoding.equals("br") ? new PromptBrotli(body) : decoder(encoding, body);
        List<String> got = new ArrayList<>();

        for (int i = 0; i < 4; i++) {
            got.add(new String(events.readNBytes(9), StandardCharsets.US_ASCII));
            if (i < 3) {
                seen[i].countDown();
            }
        }

        assertThat(got).containsExactly("data: 0\n\n", "data: 1\n\n", "data: 2\n\n", "data: 3\n\n");
        assertThat(events.read()).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void responseThatBreaksOffDoesNotLookWhole(String encoding) throws Exception {
        serve((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n" + PAGE);
            connection.reset();
        });
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost", "Accept-Encoding: " + encoding);

        String all = new String(client.untilClosed(), StandardCharsets.ISO_8859_1);

        assertThat(all).doesNotEndWith("0\r\n\r\n");
    }

    @Test
    void clientThatGoesAwayInTheMiddleLeavesNothingBehind() throws Exception {
        CountDownLatch sent = new CountDownLatch(20);
        serve((request, connection) -> {
            connection.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(PAGE));
            sent.countDown();
            connection.in().read();
        });
        for (int i = 0; i < 20; i++) {
            String encoding = List.of("gzip", "br", "zstd").get(i % 3);
            RawClient client =
                    edge.client().request("GET / HTTP/1.1", "Host: localhost", "Accept-Encoding: " + encoding);
            assertThat(client.in().read()).isEqualTo('H');
            client.close();
        }
        await(sent);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br", "zstd"})
    void realCurlReadsIt(String encoding) throws Exception {
        Path curl = RealPrograms.require("curl", "curl");
        serve(html("", PAGE));
        Process process = new ProcessBuilder(
                        curl.toString(),
                        "--silent",
                        "--fail",
                        "--compressed",
                        "--header",
                        "Accept-Encoding: " + encoding,
                        "--insecure",
                        "--write-out",
                        "%{size_download}",
                        "https://localhost:" + edge.httpsPort() + "/")
                .start();

        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(out).startsWith(PAGE);
        assertThat(Integer.parseInt(out.substring(PAGE.length()))).isLessThan(PAGE.length() / 10);
    }

    private void serve(TestServer.Script script) throws Exception {
        TestServer server = edge.closes(TestServer.start(script));
        edge.start("""
                sites:
                  - names: [localhost]
                    backend: web
                    certificate: %s
                    compression: {}
                backends:
                  web: { servers: ["%s"] }
                """.formatted(edge.site().certificate("localhost"), server.address()));
    }

    private static TestServer.Script html(String fields, String body) {
        return (request, connection) -> connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n" + fields + length(body));
    }

    private static String length(String body) {
        return "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private static String chunk(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    private static RawClient.Response get(RawClient client, String... fields) {
        List<String> lines = new ArrayList<>(List.of("GET / HTTP/1.1", "Host: localhost"));
        lines.addAll(List.of(fields));
        return client.request(lines.toArray(String[]::new)).response();
    }

    private static String decoded(String encoding, String body) throws IOException {
        try (InputStream decoder =
                decoder(encoding, new ByteArrayInputStream(body.getBytes(StandardCharsets.ISO_8859_1)))) {
            return new String(decoder.readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static InputStream decoder(String encoding, InputStream from) throws IOException {
        return switch (encoding) {
            case "gzip" -> new GZIPInputStream(from, 1);
            case "br" -> new BrotliInputStream(from, 1);
            default -> new ZstdInputStream(from).setContinuous(true);
        };
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Hands out what can be decoded before it waits for more, which the library's own stream does not. */
    private static final class PromptBrotli extends InputStream {
        private final InputStream in;
        private final DecoderJNI.Wrapper decoder = new DecoderJNI.Wrapper(1);
        private ByteBuffer ready = ByteBuffer.allocate(0);

        PromptBrotli(InputStream in) throws IOException {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            while (!ready.hasRemaining()) {
                if (decoder.hasOutput()) {
                    ready = decoder.pull();
                    continue;
                }
                int octet = in.read();
                if (octet < 0) {
                    assertThat(decoder.getStatus()).isEqualTo(DecoderJNI.Status.DONE);
                    return -1;
                }
                decoder.getInputBuffer().put(0, (byte) octet);
                decoder.push(1);
            }
            return ready.get();
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            int octet = length == 0 ? -1 : read();
            if (octet < 0) {
                return length == 0 ? 0 : -1;
            }
            bytes[from] = (byte) octet;
            return 1;
        }

        @Override
        public void close() {
            decoder.destroy();
        }
    }

    /** The body of a chunked response, as it comes, one byte at a time. */
    private static final class Chunks extends InputStream {
        private final InputStream in;
        private int left;
        private boolean first = true;

        Chunks(RawClient client) throws IOException {
            this.in = client.in();
            for (String line = line(); !line.isEmpty(); line = line()) {
                assertThat(line).doesNotStartWith("Content-Length");
            }
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int octet = in.read(); octet != '\n'; octet = in.read()) {
                line.append((char) octet);
            }
            return line.toString().strip();
        }

        @Override
        public int read() throws IOException {
            if (left == 0) {
                if (!first) {
                    line();
                }
                first = false;
                left = Integer.parseInt(line(), 16);
                if (left == 0) {
                    return -1;
                }
            }
            left--;
            return in.read();
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            int octet = length == 0 ? -1 : read();
            if (octet < 0) {
                return length == 0 ? 0 : -1;
            }
            bytes[from] = (byte) octet;
            return 1;
        }
    }
}
