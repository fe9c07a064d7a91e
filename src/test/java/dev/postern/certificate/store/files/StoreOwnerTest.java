package dev.postern.certificate.store.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What root's command leaves in the store belongs to the daemon's user, and nothing else does. */
class StoreOwnerTest {
    @TempDir
    private Path directory;

    @Test
    void filesAndFoldersAreGivenAndNothingThatALinkLeadsTo() throws Exception {
        UserPrincipal root = Files.getOwner(directory);
        assumeTrue(root.getName().equals("root"), "only root may give files away");
        UserPrincipal user =
                directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
        Path foreign = Files.createDirectories(directory.resolve("foreign"));
        Path secret = Files.writeString(foreign.resolve("secret"), "x");
        Path twice = Files.writeString(foreign.resolve("twice"), "x");
        Path store = Files.createDirectories(directory.resolve("store/certs/a.example/1"));
        Path key = Files.writeString(store.resolve("privkey.pem"), "x");
        Files.createSymbolicLink(store.resolve("file"), secret);
        Files.createSymbolicLink(store.resolve("folder"), foreign);
        Files.createLink(store.resolve("twice"), twice);
        Files.setOwner(directory.resolve("store"), user);

        new StoreOwner(directory.resolve("store")).giveAll();

        assertThat(Files.getOwner(key)).isEqualTo(user);
        assertThat(Files.getOwner(store)).isEqualTo(user);
        assertThat(Files.getOwner(foreign)).isEqualTo(root);
        assertThat(Files.getOwner(secret)).isEqualTo(root);
        assertThat(Files.getOwner(twice)).isEqualTo(root);
    }
}
