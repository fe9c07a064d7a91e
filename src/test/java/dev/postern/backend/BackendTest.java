package dev.postern.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.backend.ServerOverride.Mode;
import dev.postern.backend.ServerOverride.Said;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import dev.postern.config.Health;
import dev.postern.config.Resolve;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a reload leaves of a backend. */
class BackendTest {
    private static final Health EVERY_50_MS =
            new Health("GET", "/health", null, 200, 399, Duration.ofMillis(50), Duration.ofMillis(50), 1, 1);

    @Test
    void serverWhoseAddressIsUnchangedStaysWithAllThatIsKnownOfIt() {
        Backend backend = new Backend(config(null, server(1, 1), server(2, 1)));
        Server stays = backend.servers().get(1);
        stays.tryBegin();
        backend.refused(stays, "connect: refused");

        backend.follow(config(null, server(3, 1), server(2, 7)));

        assertThat(backend.servers()).extracting(Server::name).containsExactly("127.0.0.1:3", "127.0.0.1:2");
        assertThat(backend.servers().get(1)).isSameAs(stays);
        assertThat(stays.state()).isEqualTo(Server.State.REFUSING);
        assertThat(stays.inFlight()).isEqualTo(1);
        assertThat(stays.weight()).isEqualTo(7);
    }

    // Connections to the one of before would go on being used, and its health would be believed of the new one.
    @Test
    void serverOfTheSameNameAtAnotherAddressIsAnotherServer() {
        Backend backend = new Backend(config(null, named("a", 1), named("b", 2)));
        Server leaves = backend.servers().get(0);

        backend.follow(config(null, named("a", 3), named("b", 2)));

        assertThat(backend.servers()).extracting(Server::name).containsExactly("a", "b");
        assertThat(backend.servers().get(0)).isNotSameAs(leaves);
        assertThat(leaves.isRetired()).isTrue();
    }

    @Test
    void watchersHearOfAReload() {
        Backend backend = new Backend(config(null, server(1, 1)));
        AtomicInteger changes = new AtomicInteger();
        backend.onChange(changes::incrementAndGet);

        backend.follow(config(null, server(2, 1)));

        assertThat(changes).hasValue(1);
    }

    // Nobody would ever say that it is back.
    @Test
    void serverThatIsDownIsTriedAgainWhereItIsNoLongerChecked() {
        Backend backend = new Backend(config(EVERY_50_MS, server(1, 1), server(2, 1)));
        backend.checkedDown(
                backend.servers().get(0), backend.servers().get(0).addresses().get(0), "health check: status 500");

        backend.follow(config(null, server(1, 1), server(2, 1)));

        assertThat(backend.servers().get(0).state()).isEqualTo(Server.State.UP);
    }

    // Two operators at once, or one and the clock: neither may lose what the other has said.
    @Test
    void modeAndWeightThatAreSaidAtOnceBothHold() throws Exception {
        Backend backend = new Backend(config(null, server(1, 1)));
        Server server = backend.servers().get(0);
        Said<Mode> drain = new Said<>(Mode.DRAIN, Instant.EPOCH, null);
        Said<Integer> three = new Said<>(3, Instant.EPOCH, null);
        CountDownLatch waits = new CountDownLatch(1);
        Thread other = new Thread(() -> {
            waits.countDown();
            backend.override(server, said -> said.weighing(three));
        });

        backend.override(server, said -> {
            other.start();
            awaitBlocked(other, waits);
            return said.with(drain);
        });
        other.join();

        assertThat(server.override()).isEqualTo(new ServerOverride(drain, three));
    }

    private static void awaitBlocked(Thread thread, CountDownLatch begun) {
        try {
            begun.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        Awaitility.await().until(() -> thread.getState() == Thread.State.BLOCKED);
    }

    private static Configuration.Server server(int port, int weight) {
        return new Configuration.Server("127.0.0.1", port, weight);
    }

    private static Configuration.Server named(String name, int port) {
        return new Configuration.Server("127.0.0.1", port, 1, false, 0, false, Resolve.ANY, name);
    }

    private static Configuration.Backend config(@Nullable Health health, Configuration.Server... servers) {
        return new Configuration.Backend("web", Balance.ROUND_ROBIN, List.of(servers), health);
    }
}
