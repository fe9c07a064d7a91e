package dev.postern.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.config.Tls;
import dev.postern.config.TlsProfile;
import dev.postern.config.TlsVersion;
import dev.postern.identity.ClientAuthorities;
import dev.postern.pki.Certificate;
import dev.postern.testing.TestCa;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ReferenceCountUtil;
import java.security.Security;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSessionContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A context costs as much as many handshakes: it is made once for each certificate that is shown, and not kept for longer. */
class ServerContextsTest {
    private static final String SITE = "a.test";

    private final TestCa ca = TestCa.create();
    private final CertificateTable table = new CertificateTable();
    private final Certificate older = certificate();
    private final Certificate current = certificate();
    private final ServerContexts contexts = new ServerContexts(
            table,
            new AlpnChallengeTable(InstantSource.system()),
            new ClientAuthorities(InstantSource.system()),
            new Tls(TlsVersion.TLS_1_2, TlsProfile.INTERMEDIATE),
            List.of("http/1.1"),
            new HandshakeObserver() {
                @Override
                public void completed(String version) {}

                @Override
                public void failed(Failure why) {}
            });

    @AfterEach
    void close() {
        contexts.close();
        assertThat(contexts.size()).isZero();
    }

    private Certificate certificate() {
        try {
            TestCa.Issued issued = ca.issue(List.of("*.test"), Instant.now(), Duration.ofDays(1));
            return Certificate.of(SITE, "test", issued.key(), issued.chain());
        } catch (java.security.cert.CertificateException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One for each context. */
    private SSLSessionContext shown(String name) throws Exception {
        SSLEngine engine = contexts.begin(
                        name, Objects.requireNonNull(table.find(name)), UnpooledByteBufAllocator.DEFAULT)
                .tls()
                .engine();
        try {
            return engine.getSession().getSessionContext();
        } finally {
            ReferenceCountUtil.release(engine);
        }
    }

    @Test
    void twoCertificatesOfOneSiteHaveEachTheirOwn() throws Exception {
        table.publish(List.of("a.test"), current);
        table.publish(List.of("dead.test"), older);

        SSLSessionContext first = shown("a.test");
        SSLSessionContext second = shown("dead.test");

        assertThat(second).isNotSameAs(first);
        for (int i = 0; i < 3; i++) {
            assertThat(shown("a.test")).isSameAs(first);
            assertThat(shown("dead.test")).isSameAs(second);
        }
        assertThat(contexts.size()).isEqualTo(2);
    }

    @Test
    void whatNoNameIsShownAnyMoreIsLetGo() throws Exception {
        table.publish(List.of("a.test", "dead.test"), older);
        SSLSessionContext first = shown("a.test");
        table.publish(List.of("a.test"), current);
        SSLSessionContext second = shown("a.test");
        assertThat(second).isNotSameAs(first);

        SSLSessionContext third = shown("dead.test");
        assertThat(contexts.size()).isEqualTo(2);
        table.withdraw(List.of("dead.test"));
        contexts.retain(Set.of(SITE));
        assertThat(contexts.size()).isEqualTo(1);
        assertThat(shown("a.test")).isSameAs(second).isNotSameAs(third);

        contexts.retain(Set.of());
        assertThat(contexts.size()).isZero();
    }

    /** The JDK's default key store derives a key to encrypt it with: on an event loop, longer than many handshakes take. */
    @Test
    void keyIsNotEncryptedOnItsWayIntoAContext() throws Exception {
        table.publish(List.of("a.test"), current);
        String rounds = "keystore.pkcs12.keyPbeIterationCount";
        String before = Security.getProperty(rounds);
        Security.setProperty(rounds, "no number: whoever reads it fails");
        try {
            assertThat(shown("a.test")).isNotNull();
        } finally {
            Security.setProperty(rounds, Objects.requireNonNullElse(before, ""));
        }
    }

    /** Found by one event loop while another thread put a newer one in its place. */
    @Test
    void contextOfACertificateThatWasReplacedMeanwhileIsNotKept() throws Exception {
        table.publish(List.of("a.test"), current);

        ReferenceCountUtil.release(contexts.begin("a.test", older, UnpooledByteBufAllocator.DEFAULT)
                .tls()
                .engine());

        assertThat(contexts.size()).isZero();
    }
}
