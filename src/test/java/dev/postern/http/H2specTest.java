package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** <a href="https://github.com/summerwind/h2spec">h2spec</a>, the conformance tests of others, in strict mode. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64", disabledReason = "h2spec comes as a program for this alone")
class H2specTest {
    /** Its plugin for Maven carries the program. */
    private static final String ARCHIVE = "/h2spec/2.2.0/h2spec_linux_amd64.tar.gz";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void allCasesPass() throws Exception {
        edge.startWith(edge.closes(TestServer.saying("hello")));

        Process h2spec = new ProcessBuilder(
                        unpacked().toString(),
                        "--host=localhost",
                        "--port=" + edge.httpsPort(),
                        "--tls",
                        "--insecure",
                        "--strict",
                        "--timeout=5")
                .redirectErrorStream(true)
                .start();
        String report = new String(h2spec.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(h2spec.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(report).endsWith("146 tests, 146 passed, 0 skipped, 0 failed\n");
    }

    private Path unpacked() throws IOException, InterruptedException {
        Path archive = edge.directory().resolve("h2spec.tar.gz");
        try (InputStream in = H2specTest.class.getResourceAsStream(ARCHIVE)) {
            Files.copy(in, archive);
        }
        Process tar = new ProcessBuilder(
                        "tar",
                        "-xzf",
                        archive.toString(),
                        "-C",
                        edge.directory().toString())
                .inheritIO()
                .start();
        assertThat(tar.waitFor()).isZero();
        return edge.directory().resolve("h2spec");
    }
}
