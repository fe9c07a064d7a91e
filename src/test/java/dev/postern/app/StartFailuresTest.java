package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keeps the daemon from starting: it says why, ends with the code for it, and leaves nothing half started. */
@Tag("long")
class StartFailuresTest {
    private static final int UNAVAILABLE = 69;
    private static final int CONFIGURATION = 78;

    /** Where no certificate comes from: of no use before the daemon has started. */
    private static final String INTERNAL = """
            acme: { issuers: [internal], store: "%s" }
            """;

    @TempDir
    Path directory;

    private Installation installation;

    @BeforeEach
    void create() {
        installation = new Installation(directory.resolve("postern"));
    }

    private Installation withStore(Path store) {
        return installation.configure(INTERNAL.formatted(store) + Installation.sites("site.internal"));
    }

    @Test
    void everythingWrongWithTheConfigurationIsSaidAtOnce() {
        installation.configure("""
                acme: { issuers: [internal], stor: certs }
                sites:
                  - names: [site.internal]
                    backend: wbe
                backends:
                  web: { servers: ["127.0.0.1"] }
                """);

        try (PosternProcess postern = installation.run()) {
            assertThat(postern.awaitExit()).isEqualTo(CONFIGURATION);

            // The JVM's own word on native libraries, which the launcher forbids it.
            assertThat(postern.lines())
                    .filteredOn(line -> !line.startsWith("WARNING: ") && !line.isEmpty())
                    .anyMatch(line -> line.contains("postern.yaml:5: acme.stor: "))
                    .anyMatch(line -> line.contains("postern.yaml:8: sites[0].backend: \"wbe\" is not defined"))
                    .anyMatch(line -> line.contains("postern.yaml:10: backends.web.servers[0]: \"127.0.0.1\""))
                    .hasSize(4);
            assertNothingStarted(postern);
        }
    }

    @Test
    void storeThatCannotBeWrittenIsNamedWithTheReason() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "in the way");

        try (PosternProcess postern = withStore(file.resolve("certs")).run()) {
            assertThat(postern.awaitExit()).isEqualTo(CONFIGURATION);

            assertThat(postern.lines())
                    .contains(file.resolve("certs") + ": the certificate store cannot be written: not a directory");
            assertNothingStarted(postern);
        }
    }

    @Test
    void fileThatIsToBeTheStoreIsNamedWithTheReason() throws IOException {
        Path file = Files.writeString(directory.resolve("certs"), "in the way");

        try (PosternProcess postern = withStore(file).run()) {
            assertThat(postern.awaitExit()).isEqualTo(CONFIGURATION);

            assertThat(postern.lines()).contains(file + ": the certificate store cannot be written: not a directory");
            assertNothingStarted(postern);
        }
    }

    @Test
    void storeOfARunningPosternIsNotTouched() {
        Path store = directory.resolve("certs");
        try (PosternProcess first = withStore(store).runUntilReady()) {
            Installation another = new Installation(directory.resolve("another"));
            another.configure(INTERNAL.formatted(store) + Installation.sites("site.internal"));

            try (PosternProcess second = another.run()) {
                assertThat(second.awaitExit()).isEqualTo(UNAVAILABLE);

                assertThat(second.lines())
                        .contains(store + ": the certificate store is in use by another postern; stop that one first,"
                                + " or set acme.store to another directory");
                assertThat(isFree(another.httpsPort())).isTrue();
            }
            assertThat(first.isAlive()).isTrue();
        }
    }

    @Test
    void portInUseIsNamed_andNoOtherOneIsLeftOpen() throws IOException {
        Path store = directory.resolve("certs");
        withStore(store);
        try (TestServer other = TestServer.start(installation.httpPort(), (request, connection) -> {});
                PosternProcess postern = installation.run()) {
            assertThat(other.port()).isEqualTo(installation.httpPort());
            assertThat(postern.awaitExit()).isEqualTo(UNAVAILABLE);

            assertThat(postern.lines())
                    .anyMatch(line -> line.startsWith(
                            "listener http 127.0.0.1:" + installation.httpPort() + ": bind: address already in use; "));
            assertThat(isFree(installation.httpsPort())).isTrue();
            assertThat(store.resolve("site.internal")).doesNotExist();
        }
    }

    private void assertNothingStarted(PosternProcess postern) {
        assertThat(postern.lines()).noneMatch(line -> line.contains("listener"));
        assertThat(List.of(isFree(installation.httpPort()), isFree(installation.httpsPort())))
                .containsOnly(true);
        assertThat(installation.store()).doesNotExist();
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException inUse) {
            return false;
        }
    }
}
