package dev.postern.backend;

import static org.awaitility.Awaitility.await;

import dev.postern.backend.ServerOverride.Mode;
import dev.postern.backend.ServerOverride.Said;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import dev.postern.wire.SocketTypes;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is done for backends as time goes by. */
class BackendWatchTest {
    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ScheduledExecutorService background = Executors.newSingleThreadScheduledExecutor();

    @AfterEach
    void close() {
        background.shutdownNow();
        var unused = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    // A schedule that throws is never run again: no ejection would end, and no server would get its whole share back.
    @Test
    void bugInOneBackendLeavesTheOthersTheirTime() {
        try (BackendWatch watch = BackendWatch.start(
                new BackendWatch.Surroundings(
                        (EventLoop) group.next(),
                        new SocketTypes(NioSocketChannel.class, NioDomainSocketChannel.class),
                        NioDatagramChannel.class,
                        new ServerBudget(100, 100, 0)),
                List.of(),
                background,
                InstantSource.fixed(NOW),
                new Random(1))) {
            Backend broken = backend(watch, "broken");
            Backend other = backend(watch, "other");
            drainUntil(broken, NOW);
            drainUntil(other, NOW.plusSeconds(1));
            broken.onChange(() -> {
                throw new IllegalStateException("a bug");
            });

            watch.follow(List.of(broken, other), List.of(), Duration.ofSeconds(1));
            await().until(() -> override(broken).isNothing());
            drainUntil(other, NOW);

            await().until(() -> override(other).isNothing());
        }
    }

    private static Backend backend(BackendWatch watch, String name) {
        return watch.backend(new Configuration.Backend(
                name, Balance.ROUND_ROBIN, List.of(new Configuration.Server("127.0.0.1", 9, 1)), null));
    }

    private static void drainUntil(Backend backend, Instant until) {
        backend.override(
                backend.servers().get(0), said -> said.with(new Said<>(Mode.DRAIN, NOW.minusSeconds(60), until)));
    }

    private static ServerOverride override(Backend backend) {
        return backend.servers().get(0).override();
    }
}
