package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands for nginx and Caddy; {@link ImportHaproxyTest} has what they have in common with that of HAProxy. */
class ImportProxyTest {
    @TempDir
    private Path directory;

    private CommandRun run(String... words) {
        return CommandRun.of(Map.of("STATE_DIRECTORY", directory.toString(), "SHOP", "http://shop.example.com"), words);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "nginx|server { listen 8080; server_name shop.example.com; deny all; location ~ x { deny all; } location / { proxy_pass http://127.0.0.1:9000; } }",
                "caddy|{$SHOP} {\\n basic_auth {\\n ops plain\\n }\\n reverse_proxy 127.0.0.1:9000\\n}"
            })
    void resultPassesCheckAndSaysHowManyAreNotCarriedOver(String program, String text) throws Exception {
        Path file = Files.writeString(directory.resolve("original"), text.replace("\\n", "\n"));
        Path out = directory.resolve("postern.yaml");

        CommandRun imported = run("import", program, file.toString(), "-o", out.toString());

        assertThat(imported.code()).isZero();
        assertThat(Files.readString(out)).contains("names: [shop.example.com]", "address: 127.0.0.1:9000");
        assertThat(imported.lines())
                .anySatisfy(line -> assertThat(line).startsWith(file + ": of these kept somebody out: "));
        assertThat(run("check", "-c", out.toString())).isEqualTo(new CommandRun(0, List.of(out + ": ok")));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "nginx|include part;|server { listen 8080; return 404; }",
                "caddy|import part|http://a.example.com {\\n respond 404\\n}",
                "haproxy|frontend a\\n bind :8080\\n default_backend b\\nbackend b\\n server s 127.0.0.1:9000|"
            })
    void whatIsImportedIsNeverOverwritten(String program, String text, String part) throws Exception {
        Path file = Files.writeString(directory.resolve("original"), text.replace("\\n", "\n"));
        Path other = part == null ? file : Files.writeString(directory.resolve("part"), part.replace("\\n", "\n"));

        for (Path out : List.of(file, other)) {
            String before = Files.readString(out);
            CommandRun run = run("import", program, file.toString(), "-o", out.toString(), "--force");

            assertThat(run.code()).isEqualTo(1);
            assertThat(run.lines()).containsExactly(out + ": is what is imported (expected: another file)");
            assertThat(Files.readString(out)).isEqualTo(before);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"nginx,server {", "caddy,a {"})
    void whatIsNoConfigurationEndsWith78(String program, String text) throws Exception {
        Path file = Files.writeString(directory.resolve("original"), text);

        CommandRun run = run("import", program, file.toString());

        assertThat(run.code()).isEqualTo(78);
        assertThat(run.lines()).singleElement().asString().startsWith(file + ":1: ");
    }
}
