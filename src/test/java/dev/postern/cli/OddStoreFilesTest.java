package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.app.CannotStart;
import dev.postern.app.Edge;
import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationFile;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever file of the store is a pipe, nobody waits for its writer: neither a start nor a command. */
class OddStoreFilesTest {
    private static final String SITE = "site.internal";

    @TempDir
    private Path directory;

    private static Edge start(Path file) throws Exception {
        Configuration config = ConfigurationFile.read(file);
        return Edge.start(config, new Properties(), Clock.systemUTC());
    }

    private static String run(String... words) {
        StringWriter said = new StringWriter();
        PrintWriter console = new PrintWriter(said, true);
        Main.run(words, new Console(console, console), Map.of());
        return said.toString();
    }

    private static List<Path> files(Path store) throws Exception {
        try (Stream<Path> all = Files.walk(store)) {
            return all.filter(Files::isRegularFile)
                    // A generation, once, and not by way of `current`.
                    .filter(each -> !each.toString().contains("/current/"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void fileOfTheStoreThatIsAPipeHangsNobody() throws Exception {
        Path store = directory.resolve("certs");
        Path file = Files.writeString(directory.resolve("postern.yaml"), """
                listeners: { http: { bind: "127.0.0.1:0" }, https: { bind: "127.0.0.1:0" }, challenge: { bind: "127.0.0.1:0" } }
                acme: { issuers: [internal], store: "%s" }
                sites: [{ names: [%s], backend: web }]
                backends: { web: { servers: ["127.0.0.1:1"], sticky: { cookie: c } } }
                """.formatted(store, SITE));
        try (Edge edge = start(file)) {
            await().until(() -> edge.certificates().get(0).issuer() != null
                    && Files.exists(store.resolve(SITE).resolve("current/fullchain.pem")));
        }
        List<Path> files = files(store);
        assertThat(files.stream().map(each -> store.relativize(each).toString()))
                .contains(".lock", "sticky.secret", "accounts/internal/lock", "accounts/internal/root.pem")
                .contains(SITE + "/1/privkey.pem", SITE + "/renewal.json");
        Path aside = directory.resolve("aside");
        for (Path first : files) {
            // What cannot be read is ordered anew.
            Path current = store.resolve(SITE).resolve(Files.readSymbolicLink(store.resolve(SITE + "/current")));
            Path odd = first.startsWith(store.resolve(SITE + "/1")) ? current.resolve(first.getFileName()) : first;
            Files.move(odd, aside);
            assertThat(new ProcessBuilder("mkfifo", odd.toString()).start().waitFor())
                    .isZero();
            try (Edge edge = start(file)) {
                assertThat(edge.certificates()).hasSize(1);
                assertThat(odd.getFileName().toString()).isNotEqualTo("lock").isNotEqualTo(".lock");
            } catch (CannotStart e) {
                assertThat(e.lines())
                        .allMatch(line -> line.contains(odd.getFileName().toString()));
                assertThat(e.lines().toString()).contains("is a pipe, a socket or a device (expected: a regular file)");
            }
            assertThat(run("cert", "list", "-c", file.toString())).contains(SITE);
            String checked = run("check", "-c", file.toString());
            if (odd.endsWith(".lock")) {
                assertThat(checked).contains(".lock: is a pipe, a socket or a device");
            }

            Files.delete(odd);
            Files.move(aside, odd);
        }
    }
}
