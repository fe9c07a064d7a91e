package dev.postern.certificate.store;

import dev.postern.certificate.store.files.FileStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** Files keep the contract of all stores. */
class StoredFilesContractTest extends StoreContractTest {
    @TempDir
    private Path directory;

    private Path root() {
        return directory.resolve("certs");
    }

    @Override
    Store openAnother() throws IOException {
        return FileStore.open(root());
    }

    /** The lock alone keeps others out: where it is on a shared disk, or its file was swept, it does not. */
    @Override
    void outlive(Store holder) throws IOException {
        Files.delete(root().resolve(".lock"));
    }

    @Override
    void sweepMarks(Store holder) throws IOException {
        Files.delete(root().resolve(".lock"));
        Files.delete(root().resolve(".lease"));
    }

    @Override
    void crashBeforeCurrent(String site) throws IOException {
        Path current = root().resolve(site).resolve("current");
        int number = Integer.parseInt(Files.readSymbolicLink(current).toString());
        Files.delete(current);
        Files.createSymbolicLink(current, Path.of(String.valueOf(number - 1)));
    }
}
