package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.FreePorts;
import dev.postern.testing.RealPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Where an odd answer costs us the attempt, it costs lego its own; what lego does with it all the same is here with the reason
 * why we do not.
 */
@Tag("long")
class OddAnswersBesideLegoTest {
    private static final Map<String, String> OF_OUR_OWN = Map.of(
            "authorization-more-than-names",
            "whoever may be made to prove what he never ordered is a tool of others",
            "chain-of-another-key",
            "it keeps a certificate that its key does not fit, with which no server starts",
            "nonce-silent",
            "asked again a minute later, with the next attempt",
            "order-invalid-at-once",
            "what the CA calls invalid is not gone on with; the next attempt orders anew",
            "order-valid-at-once",
            "there is no certificate without our key; the next attempt orders anew",
            "order-without-location",
            "an order without a URL cannot be resumed, and what it brings would be lost with the process");

    @TempDir
    private Path directory;

    /** Those that fail with us at first; what is told of URLs is for CAs on the network, and this one is not. */
    static List<String> cases() throws IOException {
        List<String> cases = new ArrayList<>();
        for (String name : OddAnswersTest.cases()) {
            OddAnswer script = new OddAnswer(name, Files.readString(OddCaFront.CASES.resolve(name + ".txt")));
            boolean over = name.startsWith("url-of-") || name.contains("moved") || name.contains("redirected");
            boolean ours = script.profile() != null || script.expected.get(0).contains("no http-01");
            if (!over && !ours && script.expected.get(0).startsWith("failure")) {
                cases.add(name);
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void costsLegoTheAttemptAsWell(String name) throws Exception {
        String lego = RealPrograms.require("lego", "lego").toString();
        try (OddCaFront ca = new OddCaFront(name, directory)) {
            boolean done = run(lego, ca);
            assertThat(done && !OF_OUR_OWN.containsKey(name))
                    .as("lego has a certificate, and we have none")
                    .isFalse();
        }
    }

    private boolean run(String lego, OddCaFront ca) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                lego,
                "--accept-tos",
                "--email=ops@example.com",
                "--server=" + ca.directory(),
                "--path=" + directory.resolve("lego"),
                "--http",
                "--http.port=127.0.0.1:" + FreePorts.next()));
        ca.script().names().forEach(each -> command.add("--domains=" + each));
        command.add("run");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("lego.log").toFile())
                .start();
        try {
            return process.waitFor(OddCaFront.PATIENCE.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
        } finally {
            process.destroyForcibly();
        }
    }
}
