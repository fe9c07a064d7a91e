package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import dev.postern.testing.TestSite;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What idle connections keep on the heap once they have carried many heads. A table of HPACK has 4096 bytes by the count of
 * RFC 7541, which in objects of Java is some ten times as much where its entries are short.
 */
@Tag("long")
class RetainedMemoryTest {
    /** By which what is made once, whoever comes, has been: how much that is depends on what the JVM had archived. */
    private static final int FIRST = 24;

    /** Enough for the mean to mean something. */
    private static final int CONNECTIONS = 12;

    /** Before one pinned them, 95 answers with heads of 5 kB were 496 kB. */
    private static final int EXCHANGES = 95;

    private static final int MAX_BYTES_HTTP1 = 8 * 1024;
    private static final int MAX_BYTES_HTTP2 = 64 * 1024;

    /** Of a histogram: number, instances, bytes, class, module. */
    private static final Pattern ROW = Pattern.compile(" *[0-9]+: +[0-9]+ +([0-9]+) +([^ ]+).*");

    /** In one field, which is too long for any table: the others all fit. */
    private static final String PADDING = "x".repeat(5_000);

    @TempDir
    private Path directory;

    private final AtomicInteger answers = new AtomicInteger();

    private String answer() {
        return "HTTP/1.1 200 OK\r\nX-Long: " + PADDING + "\r\nX-Changes: " + answers.incrementAndGet()
                + "\r\nContent-Length: 2\r\n\r\nok";
    }

    private static String[] bigFields(int changing) {
        return new String[] {"x-long", PADDING, "x-changes", Integer.toString(changing)};
    }

    @Test
    void idleHttp2ConnectionOfAClientKeepsNoHeads() throws Exception {
        TestSite site = new TestSite(directory);
        try (TestServer server = TestServer.start((request, connection) -> connection.send(answer()));
                PosternProcess postern = run(site, server.address(), "http1")) {
            List<Http2Client> first = new ArrayList<>();
            for (int i = 0; i < FIRST; i++) {
                first.add(http2(postern, site));
            }
            long before = liveBytes(postern);

            List<Http2Client> clients = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                clients.add(http2(postern, site));
            }

            assertThat(each(postern, before)).isLessThan(MAX_BYTES_HTTP2);
            clients.addAll(first);
            for (Http2Client client : clients) {
                client.close();
            }
        }
    }

    private Http2Client http2(PosternProcess postern, TestSite site) throws Exception {
        // A client may ask for a larger table than we are ready to fill.
        Http2Client client = Http2Client.connect(postern.port("https"), site.trust(), "localhost", 1, 1 << 20);
        for (int i = 0; i < EXCHANGES; i++) {
            client.get(2 * i + 1, "/", bigFields(i));
            assertThat(client.response(2 * i + 1).status()).isEqualTo(200);
        }
        return client;
    }

    @Test
    void idleHttp1ConnectionsOfAClientAndToAServerKeepNoHeads() throws Exception {
        TestSite site = new TestSite(directory);
        try (TestServer server = TestServer.start((request, connection) -> connection.send(answer()));
                PosternProcess postern = run(site, server.address(), "http1")) {
            List<RawClient> first = new ArrayList<>();
            for (int i = 0; i < FIRST; i++) {
                first.add(http1(postern, site));
            }
            long before = liveBytes(postern);

            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                clients.add(http1(postern, site));
            }

            assertThat(each(postern, before)).isLessThan(MAX_BYTES_HTTP1);
            first.forEach(RawClient::close);
            clients.forEach(RawClient::close);
        }
    }

    private static RawClient http1(PosternProcess postern, TestSite site) throws Exception {
        RawClient client = RawClient.tls(postern.port("https"), site.trust(), "localhost");
        exchanges(client, EXCHANGES);
        return client;
    }

    private static void exchanges(RawClient client, int count) {
        for (int i = 0; i < count; i++) {
            client.request("GET / HTTP/1.1", "Host: localhost", "X-Long: " + PADDING, "X-Changes: " + i);
            assertThat(client.response().status()).isEqualTo(200);
        }
    }

    @Test
    void idleHttp2ConnectionToAServerKeepsNoHeads() throws Exception {
        TestSite site = new TestSite(directory);
        try (Http2Server server = Http2Server.start((request, connection) -> {
                    connection.headers(request.stream(), false, answerFields());
                    connection.data(request.stream(), true, "ok".getBytes(StandardCharsets.US_ASCII));
                });
                PosternProcess postern = run(site, server.address(), "h2c");
                RawClient client = RawClient.tls(postern.port("https"), site.trust(), "localhost")) {
            // As many as are kept to be explained.
            exchanges(client, 300);
            long before = liveBytes(postern);

            exchanges(client, EXCHANGES);

            assertThat(server.connectionsOpen()).isEqualTo(1);
            assertThat(liveBytes(postern) - before).isLessThan(MAX_BYTES_HTTP2);
        }
    }

    private String[] answerFields() {
        List<String> head = new ArrayList<>(List.of(":status", "200"));
        head.addAll(List.of(bigFields(answers.incrementAndGet())));
        return head.toArray(String[]::new);
    }

    private static double each(PosternProcess postern, long before) throws Exception {
        double each = (double) (liveBytes(postern) - before) / CONNECTIONS;
        System.out.printf("idle connections: %.1f kB of heap each%n", each / 1024);
        return each;
    }

    private PosternProcess run(TestSite site, String server, String protocol) throws Exception {
        Path file = directory.resolve("postern.yaml");
        Files.writeString(file, """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites: [{ names: [localhost], backend: web, certificate: %s }]
                backends: { web: { servers: ["%s"], protocol: %s } }
                timeouts: { keep-alive: 1h }
                """.formatted(site.certificate("localhost"), server, protocol));
        return PosternProcess.start(directory, List.of("-Xmx256m"), "run", "-c", file.toString());
    }

    /** What the collector leaves, but for what fills its gaps. */
    private static long liveBytes(PosternProcess postern) throws Exception {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        Process histogram = new ProcessBuilder(jcmd.toString(), Long.toString(postern.pid()), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String printed = new String(histogram.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(histogram.waitFor()).as(printed).isZero();
        return printed.lines()
                .map(line -> ROW.matcher(line))
                .filter(Matcher::matches)
                .filter(row -> !row.group(2).contains("jdk.internal.vm.Filler"))
                .mapToLong(row -> Long.parseLong(row.group(1)))
                .sum();
    }
}
