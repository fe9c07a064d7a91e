package dev.postern.config.describe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.Surroundings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigurationTextTest {
    @TempDir
    Path home;

    @ParameterizedTest(name = "{0}")
    @MethodSource("good")
    void whatIsShownMeansTheSame(Path file) throws Exception {
        Shown.isTheSame(Files.readString(file), new Surroundings(Map.of(), home));
    }

    static List<Path> good() throws IOException {
        return ConfigurationSchemaTest.good();
    }

    @Test
    void everythingIsSpelledInOneWay() throws Exception {
        String text = """
                acme: { issuers: [internal], key-type: ec-p384 }
                grace: 120s
                shutdown-delay: ${DELAY}
                limits: { body: 2048KiB, headers: "007" }
                trusted-proxies: 10.0.0.0/8
                sites: [{ names: [Straße.internal], backend: web, access-log: { format: "$${x} {client}" } }]
                backends: { web: { servers: [127.0.0.1:1] } }
                """.replace("$${x} ", "");

        ConfigurationText shown = ConfigurationText.of(text, new Surroundings(Map.of("DELAY", "60000ms"), home), false);

        assertThat(shown.yaml()).isEqualTo("""
                acme:
                  issuers:
                    - internal
                  key-type:
                    - ec-p384
                grace: 2m
                shutdown-delay: 1m
                limits:
                  body: 2MiB
                  headers: 7
                trusted-proxies:
                  - 10.0.0.0/8
                sites:
                  - names:
                      - xn--strae-oqa.internal
                    backend: web
                    access-log:
                      format: '{client}'
                backends:
                  web:
                    servers:
                      - address: 127.0.0.1:1
                """);
        assertThat(shown.json()).contains("\"headers\": 7").contains("\"grace\": \"2m\"");
    }

    @Test
    void whatAFileIncludesIsInIt() throws Exception {
        Path own = Files.createDirectories(home.resolve("sites"));
        Files.writeString(own.resolve("page.html"), "sorry");
        Files.writeString(
                own.resolve("a.yaml"),
                "sites: [{ names: [a.internal], backend: web, error-pages: { 5xx: page.html } }]\n");
        Path file = Files.writeString(home.resolve("postern.yaml"), """
                include: "sites/*.yaml"
                acme: { issuers: [internal] }
                backends: { web: { servers: ["unix:app.sock"] } }
                """);
        Surroundings surroundings = new Surroundings(Map.of(), home);

        String shown = ConfigurationText.of(file, surroundings, true).yaml();

        // Of another folder, for paths are from the root.
        Path elsewhere = Files.writeString(
                Files.createDirectories(home.resolve("elsewhere")).resolve("postern.yaml"), shown);
        assertThat(ConfigurationFile.read(elsewhere, surroundings))
                .isEqualTo(ConfigurationFile.read(file, surroundings));
        assertThat(shown)
                .doesNotContain("include")
                .contains(own.resolve("page.html").toString())
                .contains("unix:" + home.resolve("app.sock"))
                .contains("handshake: 10s");
    }

    @Test
    void secretsAreNames() throws Exception {
        String text = """
                acme: { issuers: [internal] }
                sites:
                  - names: [a.internal]
                    backend: web
                    request-headers: { set: { Authorization: Bearer hunter2, X-Token: "${TOKEN}", X-Both: "a-${TOKEN}" } }
                backends: { web: { servers: [127.0.0.1:1] } }
                tracing: { to: "http://al:hunter3@collector.internal/v1/traces" }
                """;
        Surroundings surroundings = new Surroundings(Map.of("TOKEN", "hunter4"), home);

        ConfigurationText shown = ConfigurationText.of(text, surroundings, false);

        assertThat(shown.yaml())
                .doesNotContain("hunter")
                .startsWith(
                        "# ${REDACTED_1} is a secret, which is not shown: sites[0].request-headers.set.Authorization\n")
                .contains("Authorization: ${REDACTED_1}")
                .contains("X-Token: ${TOKEN}")
                .contains("X-Both: ${REDACTED_2}")
                .contains("to: ${REDACTED_3}");
        assertThat(shown.json()).doesNotContain("hunter");
        Shown.isTheSame(text, surroundings);
    }

    @Test
    void textThatLooksLikeTheEnvironmentStaysText() throws Exception {
        Shown.isTheSame("""
                acme: { issuers: [internal] }
                sites:
                  - names: [a.internal]
                    routes:
                      - { path: /, respond: { body: "$${HOME}\\n a: b\\t\\u00e9 # null" } }
                      - { path: /null, respond: { body: "null" } }
                      - { path: /empty, respond: { body: "" } }
                """, new Surroundings(Map.of(), home));
    }
}
