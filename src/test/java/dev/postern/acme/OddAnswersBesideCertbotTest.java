package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.FreePorts;
import dev.postern.testing.RealPrograms;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where an odd answer costs us the attempt, it costs certbot its own: those of each kind of which it says so within two seconds.
 * It sleeps longer than that before each certificate that it gets.
 */
@Tag("long")
class OddAnswersBesideCertbotTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "directory-is-a-page",
                "directory-refused-once",
                "nonce-silent",
                "order-answer-cut-in-half",
                "order-answer-lost",
                "challenge-page-of-a-proxy",
                "error-account-deactivated",
                "error-rejected-identifier-of-two",
                "error-terms-changed",
                "error-type-of-tomorrow",
                "error-without-type",
                "limit-exact-set",
                "limit-of-a-front-in-html",
                "limit-overloaded"
            })
    void costsCertbotTheAttemptAsWell(String name) throws Exception {
        String certbot = RealPrograms.require("certbot", "certbot").toString();
        try (OddCaFront ca = new OddCaFront(name, directory)) {
            assertThat(ca.script().expected.get(0)).startsWith("failure");

            assertThat(run(certbot, ca)).as("certbot has a certificate").isFalse();

            assertThat(ca.requests())
                    .as(Files.readString(directory.resolve("certbot.log")))
                    .isPositive();
        }
    }

    private boolean run(String certbot, OddCaFront ca) throws Exception {
        Path home = directory.resolve("certbot");
        List<String> command = new ArrayList<>(List.of(
                certbot,
                "certonly",
                "--standalone",
                "--non-interactive",
                "--agree-tos",
                "--register-unsafely-without-email",
                "--no-random-sleep-on-renew",
                "--server=" + ca.directory(),
                "--http-01-address=127.0.0.1",
                "--http-01-port=" + FreePorts.next(),
                "--config-dir=" + home.resolve("config"),
                "--work-dir=" + home.resolve("work"),
                "--logs-dir=" + home.resolve("logs")));
        ca.script().names().forEach(each -> command.add("--domain=" + each));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("certbot.log").toFile())
                .start();
        try {
            return process.waitFor(OddCaFront.PATIENCE.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
        } finally {
            process.destroyForcibly();
        }
    }
}
