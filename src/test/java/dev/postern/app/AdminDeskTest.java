package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.operate.CertificateOperations;
import dev.postern.http.step.ServePages.Page;
import dev.postern.http.step.ServePages.Wanted;
import dev.postern.observe.Gauges;
import dev.postern.observe.Handshakes;
import dev.postern.observe.Metrics;
import dev.postern.status.EdgePictures;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AdminDeskTest {
    // Monitoring that asks again and again for pages of thousands of sites must not have the process taken away.
    @Test
    void howeverManyPagesAreWantedItIsSaidWhetherWeAreAliveAndReady() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        try (AdminDesk desk = desk(slow)) {
            CompletableFuture<Page> last = page(desk, "/status.json");
            for (int i = 0; i < 10_000 && !last.isDone(); i++) {
                last = page(desk, "/status.json");
            }

            assertThat(last.get(1, TimeUnit.SECONDS).status()).isEqualTo(503);
            assertThat(last.get().headers()).containsKey("Retry-After");
            assertThat(page(desk, "/live")).isCompletedWithValueMatching(page -> page.status() == 200);
            assertThat(page(desk, "/healthz")).isCompletedWithValueMatching(page -> page.status() == 200);
            CompletableFuture<Page> ready = page(desk, "/ready");
            await().until(ready::isDone);
            assertThat(ready.get().status()).isEqualTo(200);
        } finally {
            slow.countDown();
        }
    }

    private static CompletableFuture<Page> page(AdminDesk desk, String path) {
        return Objects.requireNonNull(desk.pages().page(new Wanted(path, "", null, "")))
                .toCompletableFuture();
    }

    /** Whose pages take until {@code slow}. */
    private static AdminDesk desk(CountDownLatch slow) {
        InvocationHandler nobodyAsks = (proxy, method, arguments) -> {
            throw new AssertionError(method);
        };
        InvocationHandler waits = (proxy, method, arguments) -> {
            slow.await();
            throw new AssertionError(method);
        };
        return new AdminDesk(
                made(EdgePictures.Subject.class, waits),
                new Metrics(
                        List.of(),
                        new Handshakes(),
                        made(Gauges.class, nobodyAsks),
                        () -> {
                            throw new AssertionError();
                        },
                        () -> null,
                        InstantSource.system()),
                List::of,
                made(CertificateOperations.class, nobodyAsks),
                InstantSource.system());
    }

    private static <T> T made(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
