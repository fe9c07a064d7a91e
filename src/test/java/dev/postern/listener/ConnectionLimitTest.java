package dev.postern.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ConnectionLimitTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void clientsBeyondTheLimitWaitAndAreServedThen() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.startWith(List.of(server.address()), "limits: { connections: 1 }");
        RawClient first = edge.client();
        List<CompletableFuture<String>> later = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            later.add(CompletableFuture.supplyAsync(this::askOnce));
        }

        for (int i = 0; i < 50; i++) {
            assertThat(first.get("localhost", "/").body()).isEqualTo("hello");
        }
        assertThat(later.stream().filter(CompletableFuture::isDone)).hasSizeLessThan(10);
        first.close();

        for (CompletableFuture<String> answer : later) {
            assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo("hello");
        }
    }

    // One loop counts up to the limit while another counts down from it: whichever is last, the acceptors must not be
    // left paused with room to spare.
    @Test
    void acceptorsAreNeverLeftPausedWhileThereIsRoom() throws Exception {
        ConnectionLimit limit = new ConnectionLimit(1);
        EmbeddedChannel acceptor = new EmbeddedChannel();
        limit.open(new Acceptor(acceptor));
        CyclicBarrier together = new CyclicBarrier(2);

        for (int i = 0; i < 2_000; i++) {
            EmbeddedChannel leaving = new EmbeddedChannel();
            limit.admit(leaving);
            EmbeddedChannel coming = new EmbeddedChannel();
            CompletableFuture<Void> other = CompletableFuture.runAsync(() -> {
                meet(together);
                leaving.close().syncUninterruptibly();
            });
            meet(together);
            limit.admit(coming);
            other.get(10, TimeUnit.SECONDS);
            coming.close().syncUninterruptibly();

            assertThat(limit.open()).isEqualTo(0);
            assertThat(acceptor.config().isAutoRead()).as("after %d rounds", i).isTrue();
        }
        acceptor.close().syncUninterruptibly();
    }

    // Whoever comes and goes where there is no room would else write a line into the log each time.
    @Test
    void aFullHouseIsToldOnceAMinuteHoweverManyComeAndGo() throws Exception {
        ConnectionLimit limit = new ConnectionLimit(2);
        EmbeddedChannel acceptor = new EmbeddedChannel();
        limit.open(new Acceptor(acceptor));
        EmbeddedChannel staying = new EmbeddedChannel();
        limit.admit(staying);

        try (CapturedLog log = CapturedLog.begin()) {
            for (int i = 0; i < 100; i++) {
                EmbeddedChannel passing = new EmbeddedChannel();
                limit.admit(passing);
                passing.close().syncUninterruptibly();
            }

            assertThat(log.lines("limits.connections: 2 connections are open")).hasSize(1);
        }

        assertThat(limit.reached()).isEqualTo(100);
        staying.close().syncUninterruptibly();
        acceptor.close().syncUninterruptibly();
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private String askOnce() {
        try (RawClient client = RawClient.tls(edge.httpsPort(), edge.trust(), "localhost")) {
            return client.get("localhost", "/").body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
