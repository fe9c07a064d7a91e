package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.Debugger;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestSite;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process whose threads die or hang ends, and says why; it never stays with its ports open and answers nothing. */
@Tag("long")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BrokenThreadsTest {
    /** It only has to wait, and does while the others are tried. */
    private static PosternProcess stopped;

    private static long endOfStopNanos;

    @TempDir
    private Path directory;

    @BeforeAll
    static void stopOne(@TempDir Path directory) throws Exception {
        stopped = run(directory);
        stopped.signal("STOP");
        endOfStopNanos = System.nanoTime() + LoopWatch.PATIENCE.plusSeconds(5).toNanos();
    }

    @AfterAll
    static void end() {
        stopped.close();
    }

    private static PosternProcess run(Path directory) throws Exception {
        TestSite site = new TestSite(directory);
        Path file = directory.resolve("postern.yaml");
        Files.writeString(file, """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites: [{ names: [localhost], backend: web, certificate: %s }]
                backends: { web: { servers: ["127.0.0.1:9"] } }
                """.formatted(site.certificate("localhost")));
        PosternProcess postern = PosternProcess.start(directory, List.of(Debugger.AGENT), "run", "-c", file.toString());
        postern.awaitLine("ready: ");
        return postern;
    }

    // Event loops: MemoryAttackTest. These two have nobody who would notice.
    @ParameterizedTest
    @ValueSource(strings = {"postern_QuartzSchedulerThread", "watch-1"})
    void threadThatRunsOutOfMemoryEndsTheProcess(String thread) throws Exception {
        try (PosternProcess postern = run(directory);
                Debugger debugger = Debugger.attach(postern)) {
            debugger.throwOutOfMemoryError(thread);

            int code = postern.awaitExit();
            assertThat(code).as(() -> String.join("\n", postern.lines())).isEqualTo(70);
            assertThat(postern.lines())
                    .anySatisfy(line ->
                            assertThat(line).containsIgnoringCase("outofmemory").contains("ends with 70"));
        }
    }

    @Test
    void eventLoopThatHangsEndsTheProcess() throws Exception {
        try (PosternProcess postern = run(directory);
                Debugger debugger = Debugger.attach(postern)) {
            debugger.suspend("edge-io-1");

            // Half a minute is what it may hang.
            assertThat(postern.awaitExit()).isEqualTo(70);
            assertThat(postern.lines())
                    .anySatisfy(line -> assertThat(line).contains("thread edge-io-1 has not answered for 30 s"))
                    .anySatisfy(line -> assertThat(line).contains("at io.netty.channel.SingleThreadIoEventLoop.run"));
        }
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void processThatWasStoppedForAWhileGoesOn() throws Exception {
        await().atMost(Duration.ofMinutes(2)).until(() -> System.nanoTime() > endOfStopNanos);
        stopped.signal("CONT");

        try (RawClient client = RawClient.plain(stopped.port("http"))) {
            assertThat(client.get("localhost", "/").status()).isEqualTo(308);
        }
        assertThat(stopped.isAlive()).isTrue();
        assertThat(stopped.lines()).noneMatch(line -> line.contains("has not answered"));
    }
}
