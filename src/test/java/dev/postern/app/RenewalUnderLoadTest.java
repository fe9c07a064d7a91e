package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.Installation;
import dev.postern.testing.PebbleServer;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three renewals in a row, while clients keep asking: they notice nothing but a new serial. */
@Tag("long")
class RenewalUnderLoadTest {
    private static final String SITE = "busy.example";

    /** Short enough to be renewed every five seconds, long enough to leave five for an order on a busy machine. */
    private static final Duration VALIDITY = Duration.ofSeconds(10);

    private static final int RENEWALS = 3;

    @TempDir
    Path directory;

    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicLong requests = new AtomicLong();
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final Set<BigInteger> serials = Collections.synchronizedSet(new LinkedHashSet<>());

    @Test
    void threeRenewalsFailNoRequest_andEachIsServedAtOnce() throws Exception {
        Installation installation = new Installation(directory);
        try (TestServer server = TestServer.saying("busy");
                PebbleServer pebble = PebbleServer.start(
                        directory.resolve("pebble"),
                        PebbleServer.Options.httpPort(installation.httpPort()).validity(VALIDITY))) {
            X509Certificate root = Trust.certificate(pebble.issuedRoot());
            installation.configure(
                    installation.acme(pebble.directoryUri(), pebble.caFile()) + """
                    sites: [{ names: [%s], backend: web }]
                    backends: { web: { servers: ["%s"] } }
                    """.formatted(SITE, server.address()));
            try (PosternProcess postern = installation.runUntilReady()) {
                await().atMost(Duration.ofSeconds(30)).until(() -> installation.serves(SITE, root));

                Thread keepAlive = start(() -> askOnOneConnection(installation, root));
                Thread newConnections = start(() -> askOnNewConnections(installation, root));
                await().atMost(VALIDITY.multipliedBy(RENEWALS + 2))
                        .pollInterval(Duration.ofMillis(50))
                        .until(() -> serials.size() > RENEWALS || !failures.isEmpty());
                stopped.set(true);
                keepAlive.join();
                newConnections.join();

                assertThat(failures).isEmpty();
                assertThat(serials).hasSizeGreaterThan(RENEWALS);
                assertThat(requests).hasValueGreaterThan(1000);
                List<Integer> kept = installation.generations(SITE);
                int newest = kept.get(kept.size() - 1);
                assertThat(kept).containsExactly(newest - 2, newest - 1, newest);
                assertThat(postern.lines()).noneMatch(line -> line.contains(" ERROR ") || line.contains(" WARN "));
            }
        }
    }

    private Thread start(Runnable client) {
        Thread thread = new Thread(client, "client");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void askOnOneConnection(Installation installation, X509Certificate root) {
        try (RawClient client = RawClient.tls(installation.httpsPort(), Trust.in(root), SITE)) {
            while (!stopped.get()) {
                ask(client, "keep-alive");
            }
        } catch (IOException | RuntimeException e) {
            failures.add("keep-alive: " + e);
        }
    }

    private void askOnNewConnections(Installation installation, X509Certificate root) {
        while (!stopped.get()) {
            // One that shakes hands in full and so sees the certificate, and one that may resume the session of the
            // first.
            SSLContext trust = Trust.in(root);
            for (int i = 0; i < 2; i++) {
                try (RawClient client = RawClient.tls(installation.httpsPort(), trust, SITE)) {
                    if (i == 0) {
                        X509Certificate leaf = (X509Certificate)
                                ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
                        serials.add(leaf.getSerialNumber());
                    }
                    ask(client, "new connection");
                } catch (IOException | RuntimeException e) {
                    failures.add("new connection: " + e);
                }
            }
        }
    }

    private void ask(RawClient client, String who) {
        RawClient.Response response = client.get(SITE, "/");
        requests.incrementAndGet();
        if (response.status() != 200 || !response.body().equals("busy")) {
            failures.add(who + ": " + response);
        }
    }
}
