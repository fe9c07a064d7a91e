package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.TestSite;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that an operator, or whoever deploys a site, has named: what is no regular file hangs nobody. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OddFilesTest {
    @TempDir
    private Path directory;

    private String out = "";
    private String err = "";

    private int run(String... words) {
        StringWriter stdout = new StringWriter();
        StringWriter stderr = new StringWriter();
        int code = Main.run(words, new Console(new PrintWriter(stdout, true), new PrintWriter(stderr, true)), Map.of());
        out = stdout.toString();
        err = stderr.toString();
        return code;
    }

    private Path pipe() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        return pipe;
    }

    private Path file(String sites) throws IOException {
        return Files.writeString(directory.resolve("postern.yaml"), sites);
    }

    private String own(Path chain, Path key, String more) {
        return """
                acme: { store: "%s" }
                sites:
                  - names: [own.example]
                    certificate: { chain: "%s", key: "%s" }
                    routes: [{ path: /, respond: { status: 200 } }]
                %s
                """.formatted(directory.resolve("certs"), chain, key, more);
    }

    static Stream<String> odd() {
        return Stream.of("pipe", "/dev/zero", "directory");
    }

    @ParameterizedTest
    @MethodSource("odd")
    void everyFileThatIsNamedIsARegularOne(String kind) throws Exception {
        Path odd = kind.equals("pipe")
                ? pipe()
                : kind.equals("directory") ? Files.createDirectory(directory.resolve("d")) : Path.of(kind);
        new TestSite(directory).certificate("own.example");
        Path chain = directory.resolve("chain-0.pem");
        Path key = directory.resolve("key-0.pem");
        String acme = "acme: { email: a@example.com, agree-to-terms: true, store: \"" + directory.resolve("certs")
                + "\", %s }\nsites: [{ names: [a.example], routes: [{ path: /, respond: { status: 200 } }] }]\n";
        for (String configuration : new String[] {
            own(odd, key, ""),
            own(chain, odd, ""),
            own(chain, key, "    error-pages: { 404: \"" + odd + "\" }"),
            own(chain, key, "    auth: { users-file: \"" + odd + "\" }"),
            own(chain, key, "").replace("respond: { status: 200 }", "respond: { body-file: \"" + odd + "\" }"),
            acme.formatted("issuers: [{ directory: \"https://ca.example/\", ca-file: \"" + odd + "\" }]"),
            acme.formatted("issuers: [{ ca: zerossl, eab: { key-id: a, hmac-file: \"" + odd + "\" } }]"),
            acme.formatted("challenges: [dns-01], dns-01: { server: ns.example, tsig: { name: a, secret-file: \"" + odd
                    + "\" } }")
        }) {
            String file = file(configuration).toString();
            for (String[] words : new String[][] {{"check", "-c", file}, {"cert", "list", "-c", file}}) {
                assertThat(run(words)).as(configuration + out).isEqualTo(78);
                assertThat(err).containsAnyOf("no regular file", "is a directory");
            }
        }
        assertThat(run("check", "-c", odd.toString())).isEqualTo(78);
        assertThat(err).containsAnyOf("expected: a regular file", "is a directory");
    }

    /** Read again for as long as the daemon runs: what was a file then may be a pipe now. */
    @Test
    void whatTakesThePlaceOfAFileIsLookedAtAgain() throws Exception {
        new TestSite(directory).certificate("own.example");
        String file = file(own(directory.resolve("link.pem"), directory.resolve("key-0.pem"), ""))
                .toString();
        Path huge = directory.resolve("huge");
        try (var channel = java.nio.channels.FileChannel.open(
                huge, java.nio.file.StandardOpenOption.CREATE_NEW, java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.wrap(new byte[1]), 1L << 32);
        }
        Files.createSymbolicLink(directory.resolve("link.pem"), huge);
        assertThat(run("check", "-c", file)).isEqualTo(78);
        assertThat(err).contains("link.pem: is larger than 1MiB");
        assertThat(run("cert", "check", "-c", file)).isEqualTo(1);
        assertThat(out).contains("is larger than 1MiB");
    }

    @Test
    void keyThatOthersMayReadIsSaidByCheck() throws Exception {
        new TestSite(directory).certificate("own.example");
        Path key = directory.resolve("key-0.pem");
        String file = file(own(directory.resolve("chain-0.pem"), key, "")).toString();
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
        assertThat(run("check", "-c", file)).isZero();
        assertThat(err)
                .isEqualTo("WARN own.example: " + key
                        + ": readable by group or others (expected: mode 0600); used all the same\n");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        assertThat(run("check", "-c", file)).isZero();
        assertThat(err).isEmpty();
    }
}
