package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.AtOnce;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.KernelQueues;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A body in chunks goes through wherever the network, or its sender, has cut it, and {@linkplain AtOnce at once}. */
class ChunkedUploadTest {
    private static final String HEAD =
            "POST /up HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n";
    private static final String BODY = "10\r\nghijklmnopqrstuv\r\n1;e=f\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** What has come of a chunk's size, of its CRLF or of the trailers is not the next request sent ahead. */
    @ParameterizedTest(name = "TLS: {0}")
    @ValueSource(booleans = {false, true})
    void chunkedUploadMayPauseInsideItsFraming(boolean tls) throws Exception {
        edge.startPlaintext(echo(), AtOnce.TIMEOUTS);
        List<RawClient> clients = new ArrayList<>();
        for (int cut = 0; cut <= BODY.length(); cut++) {
            clients.add(client(tls).send(HEAD));
        }
        read(clients);

        for (int cut = 0; cut <= BODY.length(); cut++) {
            clients.get(cut).send(BODY.substring(0, cut));
        }
        read(clients);
        for (int cut = 0; cut <= BODY.length(); cut++) {
            clients.get(cut).send(BODY.substring(cut));
        }
        read(clients);

        AtOnce.assertAnswered(clients);
        for (int cut = 0; cut <= BODY.length(); cut++) {
            assertThat(clients.get(cut).response().body()).as("cut at " + cut).isEqualTo("ghijklmnopqrstuv!");
        }
    }

    @ParameterizedTest(name = "TLS: {0}")
    @ValueSource(booleans = {false, true})
    void chunkedUploadMayComeByteByByte(boolean tls) throws Exception {
        edge.startPlaintext(echo(), AtOnce.TIMEOUTS);
        // A machine that is busy with others may need longer for a byte than a client is allowed.
        edge.timeStands();
        RawClient client = client(tls).send(HEAD);

        for (int at = 0; at < BODY.length(); at++) {
            KernelQueues.awaitRead(client.socket());
            client.send(BODY.substring(at, at + 1));
        }

        assertThat(client.response().body()).isEqualTo("ghijklmnopqrstuv!");
        assertThat(client.get("localhost", "/next").status()).isEqualTo(200);
    }

    @ParameterizedTest(name = "TLS: {0}")
    @ValueSource(booleans = {false, true})
    void curlUploadsFromAPipe(boolean tls) throws Exception {
        Path curl = RealPrograms.require("curl", "curl");
        int size = 50_000_000;
        TestServer server = edge.closes(TestServer.startAtHead(
                (request, connection) -> connection.send(TestServer.ok(Long.toString(zeros(connection.in()))))));
        edge.startPlaintext(server, "limits: { body: 1GiB }");
        Path answer = edge.directory().resolve("answer");
        Process upload = new ProcessBuilder(
                        curl.toString(),
                        "-sk",
                        "--http1.1",
                        "--max-time",
                        "60",
                        "-T",
                        "-",
                        (tls ? "https://localhost:" + edge.httpsPort() : "http://localhost:" + edge.httpPort()) + "/up")
                .redirectErrorStream(true)
                .redirectOutput(answer.toFile())
                .start();

        byte[] piece = new byte[100_000];
        try (OutputStream pipe = upload.getOutputStream()) {
            for (int sent = 0; sent < size; sent += piece.length) {
                pipe.write(piece, 0, Math.min(piece.length, size - sent));
            }
        }

        assertThat(upload.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(answer).content().isEqualTo(Integer.toString(size));
        Files.delete(answer);
    }

    /** How many there are in a body, whose framing has none, as fast as they come. */
    private static long zeros(InputStream body) throws IOException {
        byte[] end = "\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = new byte[256 * 1024];
        long zeros = 0;
        int ending = 0;
        while (ending < end.length) {
            int read = body.read(bytes);
            for (int i = 0; i < read; i++) {
                zeros += bytes[i] == 0 ? 1 : 0;
                ending = bytes[i] == end[ending] ? ending + 1 : bytes[i] == '\r' ? 1 : 0;
            }
        }
        return zeros;
    }

    private TestServer echo() {
        return edge.closes(TestServer.start((request, connection) ->
                connection.send(TestServer.ok(request.body().replaceAll("(?m)^[0-9a-fX].*\r\n|\r\n", "")))));
    }

    private RawClient client(boolean tls) throws Exception {
        return tls ? edge.client() : edge.plainClient();
    }

    private static void read(List<RawClient> clients) {
        KernelQueues.awaitRead(clients.stream().map(RawClient::socket).toArray(java.net.Socket[]::new));
    }
}
