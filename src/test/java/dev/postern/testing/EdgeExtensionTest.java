package dev.postern.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EdgeExtensionTest {
    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private static List<Path> checkout() throws Exception {
        Path certs = Path.of("certs");
        if (!Files.isDirectory(certs)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(certs)) {
            return files.sorted().toList();
        }
    }

    /** The socket and the secret of every edge lay in the checkout, of which two runs of the tests may share one. */
    @Test
    void whatAnEdgeKeepsIsInTheDirectoryOfItsTest() throws Exception {
        List<Path> before = checkout();
        edge.startWithBackend("{ servers: [\"127.0.0.1:1\"], sticky: { cookie: at } }", "");

        assertThat(edge.directory().resolve("certs")).isDirectoryContaining("glob:**/sticky.secret");
        assertThat(edge.directory().resolve("certs")).isDirectoryContaining("glob:**/control.sock");
        assertThat(checkout()).isEqualTo(before);
    }
}
