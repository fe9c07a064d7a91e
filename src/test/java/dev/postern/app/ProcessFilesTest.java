package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("try") // What is written is what counts.
class ProcessFilesTest {
    private static final String OWN = ProcessHandle.current().pid() + "\n";

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void place() {
        file = directory.resolve("postern.pid");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "4711", "4711\n"})
    void whatAnotherRunHasLeftIsReplacedAndTakenAwayAtTheEnd(String left) throws Exception {
        Files.writeString(file, left);

        try (AutoCloseable number = ProcessFiles.number(file)) {
            assertThat(file).hasContent(OWN);
        }
        assertThat(directory).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sites: []\n", "12 monkeys\n", "\0"})
    void fileThatIsNamedByMistakeStaysAsItIs(String content) throws Exception {
        Files.writeString(file, content);

        assertThatThrownBy(() -> ProcessFiles.number(file))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining(file + ": the pid file cannot be written: something else");
        assertThat(file).hasContent(content);
    }

    @Test
    void numberOfWhoeverCameNextStays() throws Exception {
        try (AutoCloseable number = ProcessFiles.number(file)) {
            Files.writeString(file, "4711\n");
        }
        assertThat(file).hasContent("4711\n");
    }
}
