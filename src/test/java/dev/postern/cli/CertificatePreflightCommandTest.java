package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.testing.BindServer;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Against real DNS, and beside a real edge that has the store. */
class CertificatePreflightCommandTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final int port = FreePorts.next();
    private BindServer names;
    private Path file;

    @BeforeEach
    void serveNames() throws Exception {
        names = BindServer.serving(edge.directory().resolve("dns"), "example", "www A 127.0.0.1\n");
        file = edge.directory().resolve("postern.yaml");
    }

    @AfterEach
    void stop() {
        if (names != null) {
            names.close();
        }
    }

    /** A CA that is not there: nothing but its directory is asked for. */
    private String configuration(String directory, String site) throws Exception {
        String text = """
                listeners:
                  http: { bind: "127.0.0.1:%d" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                acme:
                  email: ops@example.com
                  agree-to-terms: true
                  issuers: [{ directory: "%s" }]
                  store: "%s"
                sites: [{ names: [%s], routes: [{ path: /, respond: { status: 200 } }] }]
                """.formatted(port, directory, edge.directory().resolve("certs"), site);
        Files.writeString(file, text);
        return text;
    }

    private int preflight(String... more) {
        List<String> words = new ArrayList<>(List.of("cert", "preflight", "-c", file.toString(), "--resolver"));
        words.add("127.0.0.1:" + names.address().getPort());
        words.addAll(List.of("--http-port", Integer.toString(port)));
        words.addAll(List.of(more));
        return Main.run(
                words.toArray(String[]::new),
                new Console(new PrintWriter(out, true), new PrintWriter(err, true)),
                Map.of());
    }

    @Test
    void runningDaemonAnswersTheProbeOfTheCommand() throws Exception {
        edge.start(configuration("https://127.0.0.1:1/directory", "www.example"));

        assertThat(preflight("www.example"))
                .as("nobody knows what its CA would say")
                .isEqualTo(1);

        assertThat(out.toString().lines())
                .contains("www.example: probe: ok: http://www.example/ at 127.0.0.1: our own answer came back")
                .anyMatch(line -> line.contains("directory: unknown: https://127.0.0.1:1/directory: "));
        assertThat(err).hasToString("");
    }

    @Test
    void withoutADaemonTheRestIsLookedAt() throws Exception {
        configuration("https://127.0.0.1:1/directory", "www.example");

        assertThat(preflight("--json")).isEqualTo(1);

        JsonObject document = JsonParser.parseString(out.toString()).getAsJsonObject();
        assertThat(document.get("probed").getAsBoolean()).isFalse();
        JsonObject site = document.getAsJsonArray("sites").get(0).getAsJsonObject();
        assertThat(site.get("site").getAsString()).isEqualTo("www.example");
        assertThat(site.getAsJsonArray("findings").toString()).contains("address-ipv4", "caa", "directory");
    }

    @Test
    void whatFailsForCertainEndsItWith1() throws Exception {
        // A public CA by its name, at an address that does not exist.
        configuration("https://nobody.invalid.letsencrypt.org/directory", "missing.example");

        assertThat(preflight()).isEqualTo(1);

        assertThat(out.toString()).contains("missing.example: address-ipv4: certain failure: the name has no A record");
        assertThat(err.toString()).contains("probe: not tried, no postern run has the store");
    }

    @Test
    void siteThatIsNoneIsUsage() throws Exception {
        configuration("https://127.0.0.1:1/directory", "www.example");

        assertThat(preflight("other.example")).isEqualTo(64);

        assertThat(err.toString()).contains("\"other.example\" is no site (defined: www.example)");
    }
}
