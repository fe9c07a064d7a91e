package dev.postern.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lines that the demo prints: what is typed where it was started, and nothing more. */
class ToTryTest {
    @TempDir
    private Path directory;

    private Path checkout;
    private Path launcher;

    @BeforeEach
    void install() throws Exception {
        checkout = Files.createDirectory(directory.resolve("check out"));
        launcher = checkout.resolve("postern");
        Files.createFile(launcher, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    }

    @Test
    void programIsCalledAsItCanBeFromThere() throws Exception {
        Path bin = Files.createDirectory(directory.resolve("bin"));

        assertThat(ToTry.called(launcher, checkout, "/usr/bin:/bin")).isEqualTo("./postern");
        assertThat(ToTry.called(launcher, directory, null)).isEqualTo("./'check out/postern'");
        assertThat(ToTry.called(launcher, bin, "/usr/bin")).isEqualTo("'" + launcher + "'");
        // By the link that a package has in the path.
        Files.createSymbolicLink(bin.resolve("postern"), launcher);
        assertThat(ToTry.called(launcher, directory, "/usr/bin:" + bin)).isEqualTo("postern");
        // Another one is in the path.
        Files.delete(bin.resolve("postern"));
        Files.copy(launcher, bin.resolve("postern"));
        assertThat(ToTry.called(launcher, checkout, bin + ":")).isEqualTo("./postern");
        assertThat(ToTry.called(null, checkout, null)).isEqualTo("postern");
    }

    @Test
    void pathsBelowTheFolderAreShortAndAllAreOneWordEach() {
        assertThat(new ToTry("./postern", directory, directory.resolve("demo"), 8080, 8443).lines())
                .contains(
                        "curl --cacert demo/ca/root.pem https://localhost:8443/",
                        "curl -i http://localhost:8080/",
                        "./postern status -c demo/postern.yaml");
        assertThat(new ToTry("postern", directory.resolve("elsewhere"), directory.resolve("it's"), 1, 2).lines())
                .contains("postern cert list -c '" + directory + "/it'\\''s/postern.yaml'");
    }
}
