package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.testing.EdgeExtension;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A start that cannot bind an address leaves no store behind, which the next one may not be allowed to write. */
class TakenPortTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @ParameterizedTest
    @ValueSource(strings = {"challenge", "https", "http", "admin"})
    void nothingIsMadeBeforeEveryAddressIsFree(String listener) throws Exception {
        Path store = edge.directory().resolve("store");
        String sites = "acme: { issuers: [internal], store: \"" + store + "\" }\n"
                + "sites: [{ names: [app.internal], routes: [{ path: /, respond: { status: 200 } }] }]\n";
        String listeners = "listeners: { challenge: { bind: \"127.0.0.1:0\" }, https: { bind: \"127.0.0.1:0\" },"
                + " http: { bind: \"127.0.0.1:0\" }, admin: { bind: \"127.0.0.1:0\" } }\n";
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String there = listeners.replace(
                    listener + ": { bind: \"127.0.0.1:0\" }",
                    listener + ": { bind: \"127.0.0.1:" + taken.getLocalPort() + "\" }");

            assertThatThrownBy(() -> edge.start(there + sites))
                    .isInstanceOf(CannotStart.class)
                    .hasMessageStartingWith("listener " + listener + " 127.0.0.1:" + taken.getLocalPort()
                            + ": bind: address already in use; ");
        }
        assertThat(store).doesNotExist();

        edge.start(listeners + sites);
        assertThat(store).exists();
    }
}
