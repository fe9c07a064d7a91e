package dev.postern.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration;
import dev.postern.pki.Pem;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.TestCa;
import dev.postern.trust.TlsToServers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Files of the tls of a backend that are replaced while it is in use. */
class TlsFilesTest {
    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private final TestCa ca = TestCa.create();
    private final TlsFiles files = new TlsFiles();

    private Path put(String name, String text) throws Exception {
        Path made = Files.writeString(edge.directory().resolve(name + ".new"), text);
        return Files.move(made, edge.directory().resolve(name), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    private TestCa.Issued issued() {
        return ca.issue(List.of("edge.internal"), Instant.now().minus(Duration.ofDays(1)), Duration.ofDays(9));
    }

    @Test
    void whatIsReplacedHoldsOnceItIsGoodAndFits() throws Exception {
        TestCa.Issued first = issued();
        Path roots = put("ca.pem", Pem.of(List.of(ca.root())));
        Path chain = put("own.pem", Pem.of(first.chain()));
        Path key = put("own.key", Pem.of(first.key()));
        Configuration.Backend config = Objects.requireNonNull(
                edge.configuration("""
                        sites:
                          - { names: [app.internal], backend: a }
                        acme: { issuers: [internal] }
                        backends:
                          a: { servers: ["127.0.0.1:1"], tls: { ca-file: %s, certificate: { chain: %s, key: %s } } }
                        """.formatted(roots, chain, key)).backends().get("a"));
        Backend backend = new Backend(config);
        Server server = backend.servers().get(0);
        TlsToServers before = server.tls();
        try (CapturedLog log = CapturedLog.begin()) {
            files.look(List.of(backend));
            assertThat(server.tls()).isSameAs(before);

            TestCa.Issued second = issued();
            Path unusedChain = put("own.pem", Pem.of(second.chain()));
            files.look(List.of(backend));
            files.look(List.of(backend));
            assertThat(server.tls()).isSameAs(before);
            assertThat(log.lines("own.key: does not fit the certificate in")).hasSize(1);

            Path unusedKey = put("own.key", Pem.of(second.key()));
            files.look(List.of(backend));
            TlsToServers renewed = server.tls();
            assertThat(renewed).isNotSameAs(before);
            assertThat(log.lines("backend a: tls: files have changed; read again"))
                    .hasSize(1);

            Path unusedBroken = put("ca.pem", "nothing");
            files.look(List.of(backend));
            Files.delete(roots);
            files.look(List.of(backend));
            assertThat(server.tls()).isSameAs(renewed);
            assertThat(log.lines("ca.pem: holds no certificate; what was read before holds"))
                    .hasSize(1);
            assertThat(log.lines("ca.pem: does not exist; what was read before holds"))
                    .hasSize(1);

            Path unusedRoots = put("ca.pem", Pem.of(List.of(TestCa.create().root())));
            files.look(List.of(backend));
            assertThat(server.tls()).isNotSameAs(renewed);
            assertThat(backend.servers()).containsExactly(server);
        }
    }
}
