package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern status}, and the daemon that is asked. Long: it takes a process of its own. */
@Tag("long")
class StatusCommandTest {
    @TempDir
    private Path directory;

    @Test
    void daemonIsAskedAndToldOfInTablesThatFit() throws Exception {
        Installation installation = new Installation(directory);
        installation.configure("acme: { issuers: [internal], store: \"" + installation.store() + "\" }\n"
                + "sites: [{ names: [app.internal], backend: web }]\n"
                + "backends: { web: { servers: [{ address: \"127.0.0.1:1\", name: only }] } }\n");
        String file = installation.configuration().toString();
        CommandRun nobody = CommandRun.of(Map.of(), "status", "-c", file);
        assertThat(nobody.code()).isEqualTo(69);
        assertThat(nobody.lines().get(0)).contains("no daemon takes commands here");

        try (PosternProcess postern = installation.runUntilReady()) {
            CommandRun status = CommandRun.of(Map.of(), "status", "-c", file);
            assertThat(status.code()).isZero();
            assertThat(status.lines())
                    .anyMatch(line -> line.startsWith("postern "))
                    .anyMatch(line -> line.contains("requests are not counted: there is no admin listener"))
                    .anyMatch(line -> line.startsWith("web/only") && line.contains("up"))
                    .anyMatch(line -> line.startsWith("app.internal") && line.contains("internal"));

            JsonObject json = JsonParser.parseString(String.join(
                            "\n",
                            CommandRun.of(Map.of(), "status", "-c", file, "--json")
                                    .lines()))
                    .getAsJsonObject();
            assertThat(json.get("version").getAsInt()).isEqualTo(1);
            for (int width : List.of(60, 80, 120, 300)) {
                StringWriter text = new StringWriter();
                new StatusTables(json, width).print(new PrintWriter(text));
                assertThat(text.toString().lines()).allMatch(line -> line.length() <= Math.max(width, 75));
            }
            assertThat(CommandRun.of(Map.of(), "status", "-c", file, "--watch=0")
                            .code())
                    .isEqualTo(64);
            postern.terminate();
            assertThat(postern.awaitExit()).isZero();
        }
    }
}
