package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration;
import dev.postern.config.Listeners;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The side port is bound where a CA may have business at it, or an operator has said so. */
class SidePortTest {
    private static final String PAGE = "routes: [{ path: /, respond: { status: 200 } }] }";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @TempDir
    Path directory;

    private Configuration read(String site, String more) throws Exception {
        Path file = directory.resolve("postern.yaml");
        Files.writeString(file, "sites: [{ " + site + ", " + PAGE + "]\n" + more);
        return ConfigurationFile.read(file);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "names: [a.example.com] | true",
                "names: [a.example.com], challenges: [http-01] | true",
                "names: [a.example.com], challenges: [tls-alpn-01] | false",
                "'names: [a.example.com, a.internal], plain: true' | false"
            })
    void defaultIsBoundWhereASiteIsProvenByHttp01(String site, boolean bound) throws Exception {
        String acme = "acme: { email: a@example.com, agree-to-terms: true }\n";

        assertThat(read(site, acme).sidePort()).isEqualTo(bound ? List.of(Listeners.Challenge.DEFAULT) : List.of());
        assertThat(read(site, acme + "listeners: { challenge: { bind: \"127.0.0.1:7\" } }\n")
                        .sidePort())
                .as("named by its operator")
                .hasSize(1);
    }

    /** It proves nothing to anybody. */
    @Test
    void internalCaNeedsNone() throws Exception {
        assertThat(read("names: [a.internal]", "acme: { issuers: [internal] }\n")
                        .sidePort())
                .isEmpty();
    }

    @Test
    void reloadBindsItForTheFirstSiteThatNeedsIt() throws Exception {
        String listeners = "listeners: { http: { bind: \"127.0.0.1:0\" }, https: { bind: \"127.0.0.1:0\" }%s }\n";
        String plain = "sites: [{ names: [a.example], plain: true, " + PAGE + "]\n";
        try (CapturedLog log = CapturedLog.begin()) {
            Edge running = edge.start(plain + listeners.formatted(""));
            assertThat(running.challengeAddresses()).isEmpty();
            assertThat(log.lines("listener challenge: not bound, for no site proves its names by http-01"))
                    .hasSize(1);

            edge.reload(plain + listeners.formatted(", challenge: { bind: \"127.0.0.1:0\" }"));
            assertThat(running.challengeAddresses()).hasSize(1);

            edge.reload(plain + listeners.formatted(""));
            assertThat(running.challengeAddresses()).isEmpty();
        }
    }

    @Test
    void whereItIsNotBoundThereIsNoSuchChallenge() throws Exception {
        edge.start("sites: [{ names: [localhost], plain: true, " + PAGE + "]\n"
                + "listeners: { http: { bind: \"127.0.0.1:0\" } }\n");

        assertThat(edge.plainClient()
                        .get("localhost", "/.well-known/acme-challenge/token")
                        .status())
                .isEqualTo(404);
    }
}
