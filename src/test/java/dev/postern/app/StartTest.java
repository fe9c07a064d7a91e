package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a start need not touch it does not: each of these libraries takes as long as half of all the rest. */
class StartTest {
    /** Bouncy Castle, what speaks to CAs and to the DNS, the text of the metrics, compression. */
    private static final List<String> LATER = List.of(
            "org/bouncycastle/",
            "org/shredzone/acme4j/",
            "org/jose4j/",
            "org/xbill/DNS/",
            "io/prometheus/metrics/expositionformats/",
            "io/prometheus/metrics/instrumentation/",
            "com/aayushatharva/brotli4j/",
            "com/github/luben/zstd/",
            "java/net/http/");

    private static final Pattern INITIALIZED = Pattern.compile("Initializing '([^']+)'");

    @TempDir
    private Path directory;

    private TestSite site;
    private Path initialized;

    @BeforeEach
    void ownFiles() throws IOException {
        initialized = directory.resolve("initialized");
        site = new TestSite(directory);
    }

    private String configuration(int server) throws IOException {
        Path file = Files.writeString(
                directory.resolve("postern.yaml"), """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                access-log: { to: access.log, format: json }
                sites:
                  - { names: [app.example.com], backend: web, certificate: %s }
                backends: { web: { servers: ["127.0.0.1:%d"], health: { path: /, interval: 1s } } }
                """.formatted(site.certificate("app.example.com"), server));
        return file.toString();
    }

    @Test
    void firstAnswerNeedsNothingThatIsForLater() throws Exception {
        try (TestServer server = TestServer.saying("hello")) {
            String file = configuration(server.port());
            try (PosternProcess postern = PosternProcess.start(
                    directory, List.of("-Xlog:class+init=info:file=" + initialized), "run", "-c", file)) {
                String listening = postern.awaitLine("listener https:");
                int port = Integer.parseInt(listening.substring(listening.lastIndexOf(':') + 1));
                try (RawClient client = RawClient.tls(port, site.trust(), "app.example.com")) {
                    assertThat(client.get("app.example.com", "/").status()).isEqualTo(200);
                }

                assertThat(initialized()).isNotEmpty().noneMatch(StartTest::isForLater);
            }
        }
    }

    @Test
    void checkNeedsNoDaemon() throws Exception {
        String file = configuration(9);
        try (PosternProcess check = PosternProcess.start(
                directory, List.of("-Xlog:class+init=info:file=" + initialized), "check", "-c", file)) {
            assertThat(check.awaitExit()).isZero();
        }

        assertThat(initialized())
                .isNotEmpty()
                .noneMatch(StartTest::isForLater)
                .noneMatch(name -> name.startsWith("org/quartz/"))
                .noneMatch(name -> name.startsWith("io/netty/channel/epoll/"))
                // Of some twenty commands the one that is asked for, and that which knows the versions.
                .filteredOn(name -> name.startsWith("dev/postern/cli/") && name.endsWith("Command"))
                .containsExactlyInAnyOrder("dev/postern/cli/CheckCommand", "dev/postern/cli/VersionCommand");
    }

    private static boolean isForLater(String name) {
        return LATER.stream().anyMatch(name::startsWith);
    }

    private List<String> initialized() throws IOException {
        List<String> names = new ArrayList<>();
        Matcher matcher = INITIALIZED.matcher(Files.readString(initialized));
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        return names;
    }
}
