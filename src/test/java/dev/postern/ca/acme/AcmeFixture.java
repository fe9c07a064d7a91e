package dev.postern.ca.acme;

import dev.postern.ca.InternalCa;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.connector.NetworkSettings;
import org.shredzone.acme4j.provider.GenericAcmeProvider;

/** A CA, its ACME server and a site for it to validate, all on loopback. */
final class AcmeFixture implements AutoCloseable {
    final MovableClock clock = new MovableClock(Instant.now());
    final SecureRandom random = new SecureRandom();
    final ChallengeSite site = new ChallengeSite();
    final ExecutorService executor = Executors.newCachedThreadPool();
    final InternalCa ca;
    final AcmeServer server;

    AcmeFixture(Path directory) throws IOException {
        this(directory, options -> {});
    }

    AcmeFixture(Path directory, Consumer<AcmeOptions> change) throws IOException {
        ca = InternalCa.open(directory, clock, random);
        AcmeOptions options = new AcmeOptions(executor, clock, random)
                .state(directory)
                .validationPort(site.port())
                .resolver(name -> List.of(InetAddress.getLoopbackAddress()));
        change.accept(options);
        server = AcmeServer.start(ca, options);
    }

    Session session() {
        return new Session(server.directory(), new GenericAcmeProvider() {
            @Override
            public boolean accepts(URI uri) {
                return true;
            }

            @Override
            public HttpClient createHttpClient(NetworkSettings settings) {
                return httpClient();
            }
        });
    }

    HttpClient httpClient() {
        try {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("root", Trust.root(ca));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), random);
            return HttpClient.newBuilder().sslContext(context).build();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.close();
        executor.shutdownNow();
        site.close();
    }
}
