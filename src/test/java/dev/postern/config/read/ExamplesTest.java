package dev.postern.config.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.postern.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Each file of {@code config/examples} is a whole configuration that works as it is, but for names and addresses. */
class ExamplesTest {
    private static final Path EXAMPLES = Path.of("config", "examples");

    @TempDir
    Path home;

    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            return files.sorted().toList();
        }
    }

    @TestFactory
    Stream<DynamicTest> everyExampleIsRead() throws IOException {
        return files().stream()
                .map(file -> dynamicTest(file.getFileName().toString(), () -> {
                    String text = Files.readString(file);
                    Configuration read =
                            ConfigurationFile.parse(file.toString(), text, new Surroundings(Map.of(), home));

                    assertThat(text).as("says what the app needs to be told").startsWith("# ");
                    assertThat(read.sites()).isNotEmpty();
                    assertThat(read.backends()).isNotEmpty();
                }));
    }

    @Test
    void commonAppsHaveOne() throws IOException {
        assertThat(files().stream().map(file -> file.getFileName().toString()))
                .contains(
                        "wordpress.yaml",
                        "nextcloud.yaml",
                        "gitea.yaml",
                        "grafana.yaml",
                        "home-assistant.yaml",
                        "jellyfin.yaml",
                        "keycloak.yaml",
                        "vaultwarden.yaml",
                        "mastodon.yaml",
                        "grpc.yaml",
                        "websocket-chat.yaml",
                        "static-fallback.yaml");
    }
}
