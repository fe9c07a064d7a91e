package dev.postern.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.backend.Server.State;
import dev.postern.balance.Affinity;
import dev.postern.balance.Lease;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import dev.postern.config.Ejection;
import dev.postern.config.ServerFaults;
import dev.postern.config.ServerProtocol;
import dev.postern.config.ServerQueue;
import java.time.Duration;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Servers that fail in what they are asked to do, and their return. Time is moved by hand. */
class ServerFailuresTest {
    private final AtomicLong nanos = new AtomicLong(-5);

    @Test
    void failuresInARowEjectAndASuccessBreaksTheRow() {
        Backend backend = backend(4, ejection(3));
        Server server = backend.servers().get(0);

        backend.answered(server, 500);
        backend.answered(server, 502);
        backend.answered(server, 200);
        backend.answered(server, 500);
        backend.failed(server, ServerFaults.Kind.CLOSED);
        assertThat(server.state()).isEqualTo(State.UP);

        backend.answered(server, 500);

        assertThat(server.state()).isEqualTo(State.EJECTED);
    }

    @Test
    void statusThatIsNotListedIsNoFailure() {
        Backend backend = backend(4, ejection(1));

        backend.answered(backend.servers().get(0), 404);
        backend.answered(backend.servers().get(0), 501);

        assertThat(backend.servers().get(0).state()).isEqualTo(State.UP);
    }

    @ParameterizedTest
    @EnumSource(ServerFaults.Kind.class)
    void everyKindOfFailureCounts(ServerFaults.Kind kind) {
        Backend backend = backend(4, ejection(1));

        backend.failed(backend.servers().get(1), kind);

        assertThat(backend.servers().get(1).state()).isEqualTo(State.EJECTED);
    }

    @Test
    void nothingIsEjectedWhereNothingIsConfigured() {
        Backend backend = backend(4, null);

        for (int i = 0; i < 100; i++) {
            backend.failed(backend.servers().get(0), ServerFaults.Kind.CLOSED);
            backend.answered(backend.servers().get(0), 500);
        }

        assertThat(backend.servers().get(0).state()).isEqualTo(State.UP);
    }

    @Test
    void ejectionEndsByItselfAndGrowsEachTimeUpToItsLongest() {
        Backend backend = backend(4, ejection(1));
        Server server = backend.servers().get(0);

        for (int seconds : new int[] {30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300}) {
            backend.answered(server, 500);
            assertThat(server.state()).isEqualTo(State.EJECTED);
            pass(backend, Duration.ofSeconds(seconds).minusNanos(1));
            assertThat(server.state()).isEqualTo(State.EJECTED);
            pass(backend, Duration.ofNanos(1));
            assertThat(server.state()).isEqualTo(State.UP);
        }
    }

    @Test
    void serverThatWasWellForLongBeginsAnew() {
        Backend backend = backend(4, ejection(1));
        Server server = backend.servers().get(0);
        for (int i = 0; i < 5; i++) {
            backend.answered(server, 500);
            pass(backend, Duration.ofMinutes(5));
        }

        pass(backend, Duration.ofMinutes(6));
        backend.answered(server, 500);
        pass(backend, Duration.ofSeconds(30));

        assertThat(server.state()).isEqualTo(State.UP);
    }

    @Test
    void neverMoreThanHalfOfABackendIsEjected() {
        for (int size = 1; size <= 7; size++) {
            Backend backend = backend(size, ejection(1));

            backend.servers().forEach(server -> backend.answered(server, 500));

            assertThat(backend.servers().stream().filter(server -> server.state() == State.EJECTED))
                    .as("of " + size)
                    .hasSize(size / 2);
        }
    }

    @Test
    void serversThatAreDownForAnotherReasonCountAsWell() {
        Backend backend = backend(4, ejection(1));
        backend.checkedDown(
                backend.servers().get(0), backend.servers().get(0).addresses().get(0), "health check: status 500");
        backend.checkedDown(
                backend.servers().get(1), backend.servers().get(1).addresses().get(0), "health check: status 500");

        backend.answered(backend.servers().get(2), 500);

        assertThat(backend.servers().get(2).state()).isEqualTo(State.UP);
    }

    @Test
    void goodHealthCheckDoesNotEndAnEjectionAndABadOneDoes() {
        Backend backend = backend(4, ejection(1));
        Server server = backend.servers().get(0);
        backend.answered(server, 500);

        backend.checkedUp(server, server.addresses().get(0), "2 good health checks");
        assertThat(server.state()).isEqualTo(State.EJECTED);

        backend.checkedDown(server, server.addresses().get(0), "health check: status 500");
        pass(backend, Duration.ofHours(1));
        assertThat(server.state()).isEqualTo(State.DOWN);
    }

    // ---- slow start

    @Test
    void shareGrowsAfterAServerCameBack() {
        Backend backend = slowly(Duration.ofSeconds(20));
        Server server = backend.servers().get(0);
        assertThat(server.share()).isEqualTo(full(backend));

        backend.refused(server, "connect: refused");
        pass(backend, Duration.ofMinutes(1));
        backend.connected(server);

        assertThat(server.share()).isEqualTo(full(backend) / 20);
        pass(backend, Duration.ofSeconds(9));
        assertThat(server.share()).isEqualTo(full(backend) / 2);
        pass(backend, Duration.ofSeconds(10));
        assertThat(server.share()).isEqualTo(full(backend));
        pass(backend, Duration.ofDays(1));
        assertThat(server.share()).isEqualTo(full(backend));
    }

    @Test
    void exchangesFollowTheGrowingShareButForStaticRr() {
        for (Balance.Plain balance :
                List.of(Balance.Plain.ROUND_ROBIN, Balance.Plain.STATIC_RR, Balance.Plain.RANDOM)) {
            Backend backend = backend(2, null, Duration.ofSeconds(20), balance);
            LoadBalancer balancer = new LoadBalancer(backend, 7, () -> new byte[0]);
            Server back = backend.servers().get(0);
            assertThat(shareOf(back, balancer)).as(balance.text()).isBetween(0.45, 0.55);
            backend.refused(back, "connect: refused");
            backend.connected(back);

            double early = shareOf(back, balancer);
            pass(backend, Duration.ofSeconds(9));
            double middle = shareOf(back, balancer);
            pass(backend, Duration.ofSeconds(11));

            assertThat(shareOf(back, balancer)).as(balance.text()).isBetween(0.45, 0.55);
            if (balance == Balance.Plain.STATIC_RR) {
                assertThat(early).isBetween(0.45, 0.55);
            } else {
                assertThat(early).as(balance.text()).isBetween(0.02, 0.08);
                assertThat(middle).as(balance.text()).isBetween(0.28, 0.38);
            }
        }
    }

    @Test
    void reloadIsNoReasonToStartSlowly() {
        Backend backend = slowly(Duration.ofSeconds(20));

        backend.follow(backend.config());

        assertThat(backend.servers()).allMatch(Server::isWarm);
    }

    // ---- what a reload takes the rule away from

    @Test
    void nothingStaysForARuleThatIsGone() {
        Backend backend = backend(4, ejection(1), Duration.ofSeconds(20), Balance.Plain.ROUND_ROBIN);
        Server ejected = backend.servers().get(0);
        Server slow = backend.servers().get(1);
        backend.answered(ejected, 500);
        backend.refused(slow, "connect: refused");
        backend.connected(slow);

        backend.follow(config(4, null, Duration.ZERO, Balance.Plain.ROUND_ROBIN));

        assertThat(ejected.state()).isEqualTo(State.UP);
        assertThat(slow.isWarm()).isTrue();
    }

    private static double shareOf(Server server, LoadBalancer balancer) {
        Map<Server, Integer> counts = new HashMap<>();
        for (int i = 0; i < 2000; i++) {
            Lease taken = Objects.requireNonNull(balancer.take(Affinity.NONE, Set.of()));
            taken.release();
            counts.merge(taken.server(), 1, Integer::sum);
        }
        return counts.getOrDefault(server, 0) / 2000.0;
    }

    private void pass(Backend backend, Duration time) {
        nanos.addAndGet(time.toNanos());
        backend.tick();
    }

    private static int full(Backend backend) {
        return backend.servers().get(1).share();
    }

    private static Ejection ejection(int after) {
        BitSet statuses = new BitSet();
        statuses.set(500);
        statuses.set(502);
        return new Ejection(
                after,
                new ServerFaults(EnumSet.allOf(ServerFaults.Kind.class), statuses),
                Duration.ofSeconds(30),
                Duration.ofMinutes(5));
    }

    private Backend slowly(Duration slowStart) {
        return backend(2, null, slowStart, Balance.Plain.ROUND_ROBIN);
    }

    private Backend backend(int servers, @Nullable Ejection ejection) {
        return backend(servers, ejection, Duration.ZERO, Balance.Plain.ROUND_ROBIN);
    }

    private Backend backend(int servers, @Nullable Ejection ejection, Duration slowStart, Balance balance) {
        return new Backend(config(servers, ejection, slowStart, balance), nanos::get);
    }

    private static Configuration.Backend config(
            int servers, @Nullable Ejection ejection, Duration slowStart, Balance balance) {
        return new Configuration.Backend(
                "web",
                balance,
                IntStream.rangeClosed(1, servers)
                        .mapToObj(port -> new Configuration.Server("127.0.0.1", port, 1))
                        .toList(),
                null,
                ServerProtocol.HTTP_1,
                ServerQueue.DEFAULT,
                slowStart,
                ejection,
                null,
                null,
                false,
                Set.of());
    }
}
