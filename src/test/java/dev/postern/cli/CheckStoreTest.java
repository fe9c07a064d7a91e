package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.testing.SmallDisk;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern check} tells what would keep {@code postern run} from writing its store, and leaves no trace. */
class CheckStoreTest {
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    private int check(Path store) throws IOException {
        return checkText("""
                acme: { issuers: [internal], store: "%s" }
                sites: [{ names: [app.internal], routes: [{ path: /, respond: { status: 200, body: "x" } }] }]
                """.formatted(store));
    }

    private int checkText(String text) throws IOException {
        Path file = Files.writeString(directory.resolve("postern.yaml"), text);
        err.getBuffer().setLength(0);
        return Main.run(
                new String[] {"check", "-c", file.toString()},
                new Console(new PrintWriter(new StringWriter(), true), new PrintWriter(err, true)),
                Map.of());
    }

    @Test
    void storeThatIsNotThereYetIsGoodWhereItCanBeMade() throws IOException {
        assertThat(check(directory.resolve("var/lib/certs"))).as(err.toString()).isZero();

        assertThat(directory.resolve("var")).doesNotExist();
    }

    @Test
    void storeThatADaemonHoldsIsGoodAndUntouched() throws IOException {
        Path root = directory.resolve("certs");
        try (Store held = FileStore.open(root)) {
            assertThat(held.exists()).isTrue();
            List<String> before = state(root);

            assertThat(check(root)).as(err.toString()).isZero();

            assertThat(state(root)).isEqualTo(before);
        }
    }

    private static List<String> state(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.map(path -> path + " " + path.toFile().lastModified()).toList();
        }
    }

    @Test
    void fileWhereTheStoreShouldBeIsSaidWith78() throws IOException {
        Path root = Files.writeString(directory.resolve("certs"), "");
        assertThat(check(root)).isEqualTo(78);
        assertThat(err.toString()).contains(root + ": the certificate store cannot be written: not a directory");
        assertThat(check(root.resolve("below"))).isEqualTo(78);
    }

    /** The secret of the cookies is all that such a daemon keeps there. */
    @Test
    void storeIsLookedAtForStickyCookiesAloneUnlessItHasTheirSecret() throws IOException {
        Path root = Files.writeString(directory.resolve("certs"), "");
        String text = """
                acme: { store: "%s" }
                sites: [{ names: [app.internal], plain: true, backend: web }]
                backends: { web: { servers: ["127.0.0.1:8080"], sticky: { cookie: S } } }
                """;

        assertThat(checkText(text.formatted(root))).isEqualTo(78);
        assertThat(err.toString()).contains(root + ": the certificate store cannot be written: not a directory");
        assertThat(checkText(text.formatted(directory.resolve("other"))))
                .as(err.toString())
                .isZero();
    }

    @Test
    void readOnlyDiskIsSaidWith78() throws IOException {
        Path root = directory.resolve("certs");
        try (SmallDisk disk = SmallDisk.mount(root)) {
            disk.readOnly(true);

            assertThat(check(root)).isEqualTo(78);
            assertThat(err.toString())
                    .contains(root + ": the certificate store cannot be written: read-only file system");
            assertThat(check(root.resolve("new"))).isEqualTo(78);
            disk.readOnly(false);
        }
    }
}
