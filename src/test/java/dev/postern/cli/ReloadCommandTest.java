package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern reload}, and the daemon that hears it. Long: it takes a process of its own. */
@Tag("long")
class ReloadCommandTest {
    @TempDir
    private Path directory;

    private StringWriter out = new StringWriter();
    private StringWriter err = new StringWriter();

    private int reload(Installation installation) {
        out = new StringWriter();
        err = new StringWriter();
        return Main.run(
                new String[] {"reload", "-c", installation.configuration().toString()},
                new Console(new PrintWriter(out, true), new PrintWriter(err, true)),
                Map.of());
    }

    @Test
    void changesAreToldAndEndWith0ProblemsWith78AndNoDaemonWith69() throws Exception {
        Installation installation = new Installation(directory);
        String acme = "acme: { issuers: [internal], store: \"" + installation.store() + "\" }\n";
        String one = acme + Installation.sites("app.internal");
        installation.configure(one);
        assertThat(reload(installation)).isEqualTo(69);
        assertThat(err.toString()).contains("control.sock: no daemon takes commands here");

        try (PosternProcess postern = installation.runUntilReady()) {
            assertThat(reload(installation)).isEqualTo(0);
            assertThat(out).hasToString("nothing changed\n");

            installation.configure(acme + Installation.sites("app.internal", "new.internal") + "grace: 20s\n");
            assertThat(reload(installation)).isEqualTo(0);
            assertThat(out).hasToString("sites: + new.internal\ngrace 30s → 20s\n");
            postern.awaitLine("reload: sites: + new.internal; grace 30s → 20s");

            // The file is fine; what it names is not, which the command sees only with the daemon's eyes.
            Path broken = Files.writeString(directory.resolve("broken.pem"), "not a certificate\n");
            installation.configure(acme + "sites:\n  - { names: [own.internal], certificate: { chain: \"" + broken
                    + "\", key: \"" + broken + "\" }, routes: [{ path: /, respond: { status: 200, body: x } }] }\n"
                    + "  - { names: [app.internal], routes: [{ path: /, respond: { status: 200, body: x } }] }\n");
            assertThat(reload(installation)).isEqualTo(78);
            assertThat(err.toString()).contains("own.internal: " + broken).endsWith("not reloaded\n");
            postern.awaitLine("reload: not done; the configuration before stays in force");

            installation.configure(one + "grace: 30\n");
            assertThat(reload(installation)).isEqualTo(78);
            assertThat(err.toString()).contains("grace: \"30\" has no unit").endsWith("1 problem; not reloaded\n");

            try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                installation.configure(one);
                String file = Files.readString(installation.configuration());
                Files.writeString(
                        installation.configuration(),
                        file.replace(
                                "https: { bind: \"127.0.0.1:" + installation.httpsPort() + "\" }",
                                "https: { bind: \"127.0.0.1:" + taken.getLocalPort() + "\" }"));
                assertThat(reload(installation)).isEqualTo(69);
                assertThat(err.toString()).contains("address already in use");
            }

            installation.configure(one);
            assertThat(reload(installation)).isEqualTo(0);
            assertThat(out).hasToString("sites: - new.internal\ngrace 20s → 30s\n");
            postern.terminate();
            assertThat(postern.awaitExit()).isZero();
        }
    }
}
