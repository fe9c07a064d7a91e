package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.store.files.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StickySecretTest {
    @TempDir
    Path store;

    @Test
    void secretIsTheSameAfterARestartAndAnotherInAnotherStore(@TempDir Path other) {
        byte[] first = secret(store).get();

        assertThat(first).hasSize(32).isNotEqualTo(new byte[32]);
        assertThat(secret(store).get()).isEqualTo(first);
        assertThat(secret(other).get()).isNotEqualTo(first);
    }

    @Test
    void fileIsForItsOwnerOnlyAndNothingElseIsLeft() throws Exception {
        byte[] unused = secret(store).get();

        Path file = store.resolve("sticky.secret");
        assertThat(Files.getPosixFilePermissions(file))
                .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        try (Stream<Path> files = Files.list(store)) {
            assertThat(files).containsExactly(file);
        }
    }

    /** A first start with a sticky backend, and certificates of the operator's own, was refused: nothing had made the store. */
    @Test
    void storeIsMadeWhereNothingElseHas() throws Exception {
        Path missing = store.resolve("lib/postern");

        byte[] first = secret(missing).get();

        assertThat(secret(missing).get()).isEqualTo(first);
        assertThat(Files.getPosixFilePermissions(missing))
                .containsExactlyInAnyOrder(
                        PosixFilePermission.OWNER_READ,
                        PosixFilePermission.OWNER_WRITE,
                        PosixFilePermission.OWNER_EXECUTE);
    }

    @Test
    void storeThatCannotBeMadeIsToldWithTheReason() throws Exception {
        Path taken = Files.writeString(store.resolve("taken"), "");

        assertThatThrownBy(() -> secret(taken.resolve("below")).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("sticky.secret: secret of sticky cookies: not a directory");
    }

    @Test
    void fileThatIsTooShortIsRefusedAndLeftAlone() throws Exception {
        Path file = Files.writeString(store.resolve("sticky.secret"), "short");

        assertThatThrownBy(() -> secret(store).get())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sticky.secret: secret of sticky cookies: has 5 bytes (expected: at least 32");
        assertThat(file).hasContent("short");
    }

    private static StickySecret secret(Path store) {
        return new StickySecret(FileStore.openReadOnly(store), new SecureRandom());
    }
}
