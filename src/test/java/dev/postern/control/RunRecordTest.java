package dev.postern.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("try") // What is written is what counts.
class RunRecordTest {
    @TempDir
    private Path directory;

    private Path folder;
    private Path file;

    @BeforeEach
    void prepare() throws Exception {
        folder = Files.createDirectory(directory.resolve("postern"));
        file = directory.resolve("postern.yaml");
    }

    private List<RunRecord.Word> found() {
        return RunRecord.of(file, List.of(folder));
    }

    private void belongsTo(String user) throws Exception {
        Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "only root gives folders away");
        Files.setOwner(
                folder, folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user));
    }

    @Test
    void wordIsThereWhileItsDaemonIs() throws Exception {
        try (RunRecord record = RunRecord.write(folder, file, directory, directory.resolve("control.sock"))) {
            assertThat(found()).hasSize(1);
        }
        assertThat(found()).isEmpty();
    }

    /** As systemd makes it for a service with a user of its own. */
    @Test
    void wordOfAnotherUserCountsWhereOnlyRootMakesFolders() throws Exception {
        try (RunRecord record = RunRecord.write(folder, file, directory, directory.resolve("control.sock"))) {
            belongsTo("nobody");

            assertThat(found()).hasSize(1);
        }
    }

    /** Such as /tmp: who made the folder might have commands go to a daemon of his own. */
    @Test
    void wordOfAnotherUserIsNotBelievedWhereAnybodyMakesFolders() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (RunRecord record = RunRecord.write(folder, file, directory, directory.resolve("control.sock"))) {
            assertThat(found()).hasSize(1);
            belongsTo("nobody");

            assertThat(found()).isEmpty();
        }
    }
}
