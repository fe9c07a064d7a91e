package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.pki.Pem;
import dev.postern.testing.TestCa;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
    private static final String GOOD = """
            acme: { issuers: [internal] }
            sites: [{ names: [app.internal], backend: web }]
            backends: { web: { servers: ["127.0.0.1:8080"] } }
            """;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    @Test
    void goodConfigurationIsOk() throws IOException {
        Path file = file(GOOD);

        assertThat(run("check", "-c", file.toString())).isEqualTo(0);

        assertThat(out).hasToString(file + ": ok\n");
        assertThat(err).hasToString("");
    }

    @Test
    void badConfigurationIsToldInFullAndEndsWith78() throws IOException {
        Path file = file("grace: 30\nsites: []\n");

        assertThat(run("check", "-c", file.toString())).isEqualTo(78);

        assertThat(out).hasToString("");
        assertThat(err.toString().lines())
                .containsExactly(
                        file + ":1: grace: \"30\" has no unit"
                                + " (expected: a duration such as 200ms, 5s, 10m, 1h or 365d, or 0)",
                        file + ":2: sites: is empty (expected: a list of sites)",
                        file + ": 2 problems");
    }

    @Test
    void missingConfigurationEndsWith78() {
        Path file = directory.resolve("missing.yaml");

        assertThat(run("check", "--config", file.toString())).isEqualTo(78);

        assertThat(err.toString().lines())
                .containsExactly(file + ": cannot be read: does not exist", file + ": 1 problem");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"run, ; not started", "cert list, ''"})
    void everyCommandThatNeedsAConfigurationChecksIt(String command, String end) throws IOException {
        Path file = file("sites: []\n");
        String[] words = (command + " -c " + file).split(" ");

        assertThat(run(words)).isEqualTo(78);

        assertThat(err.toString()).contains("sites: is empty").endsWith(": 1 problem" + end + "\n");
    }

    // What `run` refuses must not be "ok" before: the two read the files with the same code.
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "site.example.com | chain-0 | key-1 | key-1.pem: does not fit the certificate in ",
                "other.example.com | chain-0 | key-0 | chain-0.pem: does not cover \"other.example.com\" (covers: site.example.com)",
                "site.example.com | key-0 | chain-0 | key-0.pem: holds no certificate (expected: ",
                "site.example.com | garbage | key-0 | garbage.pem: is not whole PEM: ",
                "site.example.com | expired | expired-key | expired.pem: expired on 2001-",
            })
    void broughtFilesThatRunWouldRefuseAreProblems(String name, String chain, String key, String problem)
            throws Exception {
        TestSite site = new TestSite(directory);
        site.certificate("site.example.com");
        site.certificate("site.example.com");
        Files.writeString(
                directory.resolve("garbage.pem"), "-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n");
        TestCa.Issued old = TestCa.create()
                .issue(List.of("site.example.com"), Instant.parse("2001-01-01T00:00:00Z"), Duration.ofDays(1));
        Files.writeString(directory.resolve("expired.pem"), Pem.of(old.chain()));
        Files.writeString(directory.resolve("expired-key.pem"), Pem.of(old.key()));
        Path file = file("""
                sites: [{ names: [%1$s], backend: web, certificate: { chain: "%2$s/%3$s.pem", key: "%2$s/%4$s.pem" } }]
                backends: { web: { servers: ["127.0.0.1:8080"] } }
                """.formatted(name, directory, chain, key));

        assertThat(run("check", "-c", file.toString())).isEqualTo(78);

        assertThat(out).hasToString("");
        List<String> lines = err.toString().lines().toList();
        assertThat(lines).hasSize(2).last().isEqualTo(file + ": 1 problem");
        assertThat(lines.get(0)).startsWith(name + ": " + directory + "/" + problem);
    }

    @Test
    void storeThatDoesNotExistYetIsNoFailureButSaid() throws IOException {
        Path store = directory.resolve("certs");
        Path file = file(GOOD.replace("[internal]", "[internal], store: \"" + store + "\""));

        assertThat(run("cert", "list", "-c", file.toString())).isEqualTo(0);

        assertThat(out.toString().lines())
                .last()
                .asString()
                .startsWith("app.internal")
                .contains("no certificate");
        assertThat(err.toString())
                .startsWith(store + ": is no store (expected: that of the daemon, which postern run makes")
                .endsWith("else certs/ of the installation)\n");
    }

    // "no certificate, due now" would be a lie about a store that somebody else may read.
    @Test
    void storeThatCannotBeReadIsNamedWithTheReason() throws IOException {
        Path store = Files.createDirectory(directory.resolve("certs"));
        Path loop = Files.createSymbolicLink(store.resolve("app.internal"), Path.of("app.internal"));
        Path file = file(GOOD.replace("[internal]", "[internal], store: \"" + store + "\""));

        assertThat(run("cert", "list", "-c", file.toString())).isEqualTo(69);

        assertThat(out).hasToString("");
        assertThat(err.toString()).startsWith(loop + ": cannot be read: ").doesNotContain("Exception");
    }

    @Test
    void listSaysWhyABroughtCertificateIsNotUsed() throws IOException {
        Path file = file("""
                sites: [{ names: [other.example.com], backend: web, certificate: %s }]
                backends: { web: { servers: ["127.0.0.1:8080"] } }
                """.formatted(new TestSite(directory).certificate("site.example.com")));

        assertThat(run("cert", "list", "-c", file.toString())).isEqualTo(0);

        assertThat(out.toString().lines())
                .last()
                .asString()
                .startsWith("    " + directory + "/chain-0.pem: does not cover");
        assertThat(err).hasToString("");
    }

    @Test
    void firstExistingDefaultIsTaken() throws Exception {
        Path first = directory.resolve("first.yaml");
        Path second = file(GOOD);

        assertThat(ConfigurationOption.orDefault(null, List.of(first, second))).isEqualTo(second);
        assertThat(ConfigurationOption.orDefault(first, List.of(second))).isEqualTo(first);
    }

    @Test
    void noDefaultAtAllIsSaidClearly() {
        List<Path> lookup = List.of(Path.of("no/config.yaml"), Path.of("no/other.yaml"));

        assertThatThrownBy(() -> ConfigurationOption.orDefault(null, lookup))
                .hasMessage("no configuration: neither no/config.yaml nor no/other.yaml exists; name one with -c FILE")
                .extracting(e -> ((CommandFailed) e).exitCode())
                .isEqualTo(78);
    }

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "rnu | postern: unmatched argument at index 0: 'rnu'",
                "--foo | postern: unknown option: '--foo'",
                "check -c | postern check: missing required parameter for option '--config' (FILE)",
                "check a b | postern check: unmatched arguments from index 1: 'a', 'b'",
                "check --bind 80 | postern check: unknown options: '--bind', '80'",
                "run --site a.example.com --to b:1 | postern run: missing --email ADDR (expected: --site, --to and --email together, or none of them)",
                "run --site a.example.com | postern run: missing --to HOST:PORT and --email ADDR (expected: --site, --to and --email together, or none of them)",
                "run -c a.yaml -c b.yaml | postern run: option '--config' (FILE) should be specified only once",
                "run -c a.yaml --site a.example.com | postern run: --config names a file, --site, --to and --email stand for one (expected: one or the other)",
                "demo --http x | postern demo: invalid value for option '--http': \"x\" (expected: a port from 0 to 65535)",
                "demo --life 9s | postern demo: invalid value for option '--life': \"9s\" (expected: a duration such as 10s, 4m or 6d, at least 10s)",
                "demo --https 65536 | postern demo: invalid value for option '--https': \"65536\" (expected: a port from 0 to 65535)",
                "version now | postern version: unmatched argument at index 1: 'now'",
            })
    void wrongUsageIsToldInOneLineAndEndsWith64(String command, String message) {
        assertThat(run(command.split(" "))).isEqualTo(64);

        assertThat(out).hasToString("");
        assertThat(err.toString().lines()).first().isEqualTo(message);
        assertThat(err.toString().lines()).last().asString().matches("try: postern( [a-z]+)* --help");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cert", "cert account"})
    void whoSaysNothingIsShownWhatThereIsToSay(String command) {
        assertThat(run(command.isEmpty() ? new String[0] : command.split(" "))).isEqualTo(64);

        assertThat(out.toString()).contains("Usage: postern", "Commands:", "Examples:");
        assertThat(err).hasToString("");
    }

    @Test
    void fileAndCommandLineExcludeEachOther() {
        assertThat(run("run", "-c", "x.yaml", "--site", "a.example.com", "--to", "b:1", "--email", "c@example.com"))
                .isEqualTo(64);

        assertThat(err.toString()).contains("--config", "--site", "one or the other");
    }

    @Test
    void configurationOnTheCommandLineIsChecked() {
        assertThat(run("run", "--site", "a.example.com,localhost", "--to", "b:1,c", "--email", "ops@example.com"))
                .isEqualTo(78);

        assertThat(err.toString().lines())
                .containsExactly(
                        "command line: --site: \"localhost\" is a private name, which letsencrypt may not certify;"
                                + " add internal to acme.issuers, bring a certificate, or serve the site over HTTP only (plain: true)",
                        "command line: --to: \"c\" has no port"
                                + " (expected: HOST:PORT such as 10.0.0.11:8080, app.internal:8080 or [2001:db8::1]:8080,"
                                + " or unix:/run/app.sock)",
                        "command line: 2 problems; not started");
    }

    @Test
    void helpIsACommandToo() {
        assertThat(run("help")).isEqualTo(0);
        assertThat(out.toString()).contains("Usage: postern", "Commands:", "Examples:");

        assertThat(run("help", "run")).isEqualTo(0);
        assertThat(out.toString()).contains("Usage: postern run");
    }

    @ParameterizedTest(name = "{0} --help")
    @ValueSource(
            strings = {
                "",
                "run",
                "demo",
                "check",
                "import",
                "import haproxy",
                "cert",
                "cert list",
                "cert plan",
                "cert explain",
                "cert check",
                "cert issue",
                "cert renew",
                "cert rollback",
                "cert rekey",
                "cert revoke",
                "cert import",
                "cert import certbot",
                "cert export",
                "cert account",
                "cert account show",
                "cert account new",
                "cert account rollover",
                "version"
            })
    void everyCommandHasHelpWithExamples(String command) {
        String[] words = (command + " --help").strip().split(" ");

        assertThat(run(words)).isEqualTo(0);

        assertThat(out.toString()).contains(("Usage: postern " + command).strip(), "Examples:\n  postern", "--help");
        assertThat(out.toString().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
        // What picocli makes of a variable that it has not.
        assertThat(out.toString()).doesNotContain("null");
        assertThat(err).hasToString("");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"cert", "cert import", "cert account", "import", "server"})
    void everyCommandOfAGroupIsInTheDocs(String group) throws IOException {
        String docs = Files.readString(Path.of("docs/commands.md")) + Files.readString(Path.of("docs/certificates.md"));

        assertThat(run((group + " --help").split(" "))).isEqualTo(0);

        List<String> commands = out.toString()
                .lines()
                .dropWhile(line -> !line.equals("Commands:"))
                .skip(1)
                .takeWhile(line -> line.startsWith("  "))
                .filter(line -> !line.startsWith("   "))
                .map(line -> line.strip().split(" ", 2)[0])
                .toList();
        assertThat(commands)
                .isNotEmpty()
                .allSatisfy(command -> assertThat(docs).contains("postern " + group + " " + command));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"version", "--version", "-V"})
    void versionNamesItselfAndTheJdk(String command) {
        assertThat(run(command)).isEqualTo(0);

        assertThat(out.toString().lines().toList())
                .anySatisfy(line -> assertThat(line).matches("Postern [0-9]+\\.[0-9]+\\.[0-9]+(-.*)?"))
                .anySatisfy(line -> assertThat(line).startsWith("JDK " + Runtime.version()));
    }

    @Test
    void bugIsOneLineAndTheStackTraceIsThereForTheAsking() {
        PrintWriter broken = new PrintWriter(out) {
            @Override
            public void write(String text, int from, int length) {
                throw new IllegalStateException("broken");
            }
        };
        Console console = new Console(broken, new PrintWriter(err, true));
        String[] version = {"version"};

        assertThat(Main.run(version, console, Map.of())).isEqualTo(70);
        assertThat(err).hasToString("postern: bug: java.lang.IllegalStateException: broken; --debug shows where\n");

        assertThat(Main.run(version, console, Map.of("POSTERN_DEBUG", "1"))).isEqualTo(70);
        assertThat(err.toString()).contains("\tat dev.postern.cli.");

        err.getBuffer().setLength(0);
        assertThat(Main.run(new String[] {"version", "--debug"}, console, Map.of()))
                .isEqualTo(70);
        assertThat(err.toString()).contains("\tat dev.postern.cli.");
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("postern.yaml"), text);
    }

    private int run(String... args) {
        Console console = new Console(new PrintWriter(out, true), new PrintWriter(err, true));
        return Main.run(args, console, Map.of());
    }
}
