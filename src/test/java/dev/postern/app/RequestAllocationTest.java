package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.VirtualMachine;
import dev.postern.testing.Http2Client;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How many bytes the event loop allocates for a request and its response, as shipped: with the access log, metrics and health
 * checks, and in a process of its own, since leak detection of the tests allocates more than anybody. The first compiler does
 * without escape analysis, so that it is the same whatever the compiler has got round to: what the code asks for, an upper bound
 * of what it costs.
 */
@Tag("long")
class RequestAllocationTest {
    /** These two may only fall: whoever lowers what is allocated lowers them, to what is printed and a twentieth more. */
    private static final int MAX_BYTES_HTTP1 = 1_850;

    private static final int MAX_BYTES_HTTP2 = 3_200;

    private static final String NAME = "localhost";

    /** Before anything is counted: pools are filled, classes loaded. */
    private static final int WARM_UP = 2_000;

    private static final int REQUESTS = Integer.getInteger("postern.allocation.requests", 10_000);

    private static final int LAST_STREAM = 2 * 5_000 - 1;

    @TempDir
    private Path directory;

    @Test
    void requestOverHttp1AllocatesLittle() throws Exception {
        TestSite site = new TestSite(directory);
        try (TestServer server = TestServer.saying("hello");
                PosternProcess postern = run(site, server);
                RawClient client = RawClient.tls(postern.port("https"), site.trust(), NAME)) {
            assertThat(bytesEach(
                            postern,
                            () -> assertThat(client.get(NAME, "/some/path?and=query")
                                            .status())
                                    .isEqualTo(200)))
                    .isLessThan(MAX_BYTES_HTTP1);
        }
    }

    @Test
    void requestOverHttp2AllocatesLittle() throws Exception {
        TestSite site = new TestSite(directory);
        try (TestServer server = TestServer.saying("hello");
                PosternProcess postern = run(site, server)) {
            Http2Client[] client = new Http2Client[1];
            int[] stream = {LAST_STREAM};
            assertThat(bytesEach(postern, () -> {
                        if (stream[0] >= LAST_STREAM) {
                            client[0] = connect(postern, site, client[0]);
                            stream[0] = -1;
                        }
                        stream[0] += 2;
                        client[0].get(stream[0], "/some/path?and=query");
                        assertThat(client[0].response(stream[0]).status()).isEqualTo(200);
                    }))
                    .isLessThan(MAX_BYTES_HTTP2);
            client[0].close();
        }
    }

    /** A connection has 10,000 streams, and then a second until it goes. */
    private static Http2Client connect(PosternProcess postern, TestSite site, @Nullable Http2Client before) {
        try {
            if (before != null) {
                before.close();
            }
            return Http2Client.connect(postern.port("https"), site.trust(), NAME);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private PosternProcess run(TestSite site, TestServer server) throws Exception {
        Path file = directory.resolve("postern.yaml");
        Files.writeString(
                file, """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                sites: [{ names: [%s], backend: web, certificate: %s }]
                backends: { web: { servers: ["%s"], health: { path: /health, interval: 1m } } }
                access-log: { to: "%s", format: json }
                """.formatted(NAME, site.certificate(NAME), server.address(), directory.resolve("access.log")));
        // One event loop, which has all connections.
        return PosternProcess.start(
                directory, List.of("-Xmx256m", "-XX:ActiveProcessorCount=1"), "run", "-c", file.toString());
    }

    // The address is that of a process of ours, from itself.
    @SuppressWarnings("BanJNDI")
    private static long bytesEach(PosternProcess postern, Runnable request) throws Exception {
        postern.awaitLine("Edge - ready: ");
        VirtualMachine machine = VirtualMachine.attach(Long.toString(postern.pid()));
        JMXServiceURL address;
        try {
            address = new JMXServiceURL(machine.startLocalManagementAgent());
        } finally {
            machine.detach();
        }
        try (JMXConnector connector = JMXConnectorFactory.connect(address)) {
            ThreadMXBean threads = ManagementFactory.newPlatformMXBeanProxy(
                    connector.getMBeanServerConnection(), ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
            long loop = loop(threads);
            for (int i = 0; i < WARM_UP; i++) {
                request.run();
            }
            long before = threads.getThreadAllocatedBytes(loop);
            for (int i = 0; i < REQUESTS; i++) {
                request.run();
            }
            long each = (threads.getThreadAllocatedBytes(loop) - before) / REQUESTS;
            System.out.println(each + " bytes a request");
            return each;
        }
    }

    private static long loop(ThreadMXBean threads) {
        return Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                .filter(info -> info.getThreadName().startsWith("edge-io-"))
                .mapToLong(ThreadInfo::getThreadId)
                .findAny()
                .orElseThrow();
    }
}
