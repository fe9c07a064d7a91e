package dev.postern.config.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.postern.config.Configuration;
import dev.postern.pki.Pem;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The cases of {@code src/test/resources/config}: every file under {@code valid} is accepted, every file under {@code
 * invalid} gets exactly the messages of the comment block at its end. A changed wording is thereby a visible diff.
 */
class GoldenConfigurationTest {
    private static final Path CASES = Path.of("src/test/resources/config");

    // What introduces the messages in a file.
    private static final String EXPECTED = "# expected:";

    @ParameterizedTest(name = "{0}")
    @MethodSource("valid")
    void validFileIsAccepted(String file) throws Exception {
        String text = Files.readString(CASES.resolve("valid").resolve(file));

        Configuration configuration = ConfigurationFile.parse(file, text);

        assertThat(configuration.sites().isEmpty() && configuration.tcp().isEmpty())
                .as("nothing to serve")
                .isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalid")
    void invalidFileGetsTheMessagesItNames(String file) throws IOException {
        String text = Files.readString(CASES.resolve("invalid").resolve(file));
        assertThat(text).contains(EXPECTED);
        List<String> expected = text.substring(text.indexOf(EXPECTED))
                .lines()
                .skip(1)
                .map(line -> line.substring(2))
                .toList();

        ConfigurationProblems problems =
                catchThrowableOfType(ConfigurationProblems.class, () -> ConfigurationFile.parse(file, text));

        assertThat(problems).as("the problems of " + file).isNotNull();
        assertThat(problems.lines()).isEqualTo(expected);
    }

    @Test
    void thereAreEnoughMistakesToBeSureOfTheWording() throws IOException {
        assertThat(valid()).hasSizeGreaterThanOrEqualTo(8);
        assertThat(invalid()).hasSizeGreaterThanOrEqualTo(50);
    }

    @Test
    void everyMessageIsOneLineThatStartsWithTheFile(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("postern.yaml");
        Files.writeString(file, "\"a\\nb\": 1\ngrace: \"x\\ny\"\n");

        ConfigurationProblems problems =
                catchThrowableOfType(ConfigurationProblems.class, () -> ConfigurationFile.read(file));

        assertThat(problems.lines())
                .hasSize(3)
                .allSatisfy(line ->
                        assertThat(line).startsWith(file.toString() + ":").doesNotContain("\n"));
        assertThat(problems).hasMessage(file + ": 3 problems");
    }

    @Test
    void nestingThatNobodyMeansIsAProblem() {
        String text = "sites:\n  " + "[".repeat(20_000) + "]".repeat(20_000) + "\n";

        ConfigurationProblems problems =
                catchThrowableOfType(ConfigurationProblems.class, () -> ConfigurationFile.parse("deep.yaml", text));

        assertThat(problems.lines()).containsExactly("deep.yaml:2: nested too deeply (expected: at most 50 levels)");
    }

    // DER would pass for a certificate, and the daemon would then refuse to start.
    @Test
    void caFileThatIsNotPemIsAProblem(@TempDir Path directory) throws Exception {
        Path file =
                Files.write(directory.resolve("ca.der"), TestCa.create().root().getEncoded());
        String text = """
                acme:
                  email: ops@example.com
                  agree-to-terms: true
                  issuers: [{ directory: "https://ca.example.net/directory", ca-file: "%s" }]
                sites: [{ names: [example.com], backend: web }]
                backends: { web: { servers: [127.0.0.1:8080] } }
                """.formatted(file);

        ConfigurationProblems problems =
                catchThrowableOfType(ConfigurationProblems.class, () -> ConfigurationFile.parse("der.yaml", text));

        assertThat(problems.lines())
                .containsExactly("der.yaml:4: acme.issuers[0].ca-file: \"" + file
                        + "\" is DER; openssl x509 -inform der makes PEM of it (expected: a PEM file with the"
                        + " certificates of a CA)");
    }

    /** What needs a file of a CA that is good. */
    @Test
    void headersThatTellOfCertificatesAreNobodyElses(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(
                directory.resolve("ca.pem"), Pem.of(List.of(TestCa.create().root())));
        String text = """
                acme: { issuers: [internal] }
                backends: { a: { servers: [127.0.0.1:1] } }
                sites:
                  - names: [a.internal]
                    keep-header-names: [x_dn]
                    request-headers: { set: { Client-Cert: a }, remove: [X-DN] }
                    client-certificates: { ca: "%s", crl: "%s", headers: { X-DN: subject } }
                    routes:
                      - { path: /, backend: a, client-certificates: off, when: { headers: { Client-Cert: { present: true } } } }
                """.formatted(file, file);

        ConfigurationProblems problems =
                catchThrowableOfType(ConfigurationProblems.class, () -> ConfigurationFile.parse("x.yaml", text));

        assertThat(problems.lines())
                .containsExactly(
                        "x.yaml:5: sites[0].keep-header-names: a server might take x_dn for x-dn, which client-certificates of"
                                + " the site says (expected: another header)",
                        "x.yaml:6: sites[0].request-headers: has client-cert, which client-certificates of the site says"
                                + " (expected: one of the two)",
                        "x.yaml:6: sites[0].request-headers: has x-dn, which client-certificates of the site says"
                                + " (expected: one of the two)",
                        "x.yaml:6: sites[0].request-headers: a server might take x_dn, which keep-header-names lets"
                                + " through, for x-dn (expected: one of the two)",
                        "x.yaml:7: sites[0].client-certificates.crl: \"" + file + "\" holds no list of revoked"
                                + " certificates (expected: a PEM file with the lists of revoked certificates of a CA)",
                        "x.yaml:9: sites[0].routes[0].when: has client-cert, which is taken away, for"
                                + " client-certificates of the site says it (expected: client-certificates: require of"
                                + " the route)",
                        "x.yaml:9: sites[0].routes[0].client-certificates: \"off\" (expected: require; all else is said"
                                + " of the site)");
    }

    static List<String> valid() throws IOException {
        return files("valid");
    }

    static List<String> invalid() throws IOException {
        return files("invalid");
    }

    private static List<String> files(String folder) throws IOException {
        try (Stream<Path> files = Files.list(CASES.resolve(folder))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
