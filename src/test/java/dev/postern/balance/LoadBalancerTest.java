package dev.postern.balance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import dev.postern.config.ServerProtocol;
import dev.postern.config.ServerQueue;
import dev.postern.config.Stickiness;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who is chosen from, who waits, and who comes back to whom. */
class LoadBalancerTest {
    private static final byte[] SECRET = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    // ---- backups, draining, all down

    @Test
    void backupIsUsedOnlyWhereNoOtherIsUp() {
        LoadBalancer balancer = balancer(server(1), server(2), backup(3));
        Backend backend = balancer.backend();

        assertThat(ports(balancer, 20)).containsOnly(1, 2);
        backend.refused(backend.servers().get(0), "connect: refused");
        assertThat(ports(balancer, 20)).containsOnly(2);
        backend.refused(backend.servers().get(1), "connect: refused");
        assertThat(ports(balancer, 20)).containsOnly(3);
        backend.connected(backend.servers().get(0));
        assertThat(ports(balancer, 20)).containsOnly(1);
    }

    @Test
    void serverThatDrainsGetsNothingNew() {
        LoadBalancer balancer = balancer(server(1), draining(2));

        assertThat(ports(balancer, 20)).containsOnly(1);
    }

    @Test
    void allServersAreTriedWhereAllAreDownButNotThoseThatDrain() {
        LoadBalancer balancer = balancer(server(1), server(2), draining(3), backup(4));
        Backend backend = balancer.backend();

        backend.servers().forEach(server -> backend.refused(server, "connect: refused"));

        assertThat(ports(balancer, 20)).containsOnly(1, 2, 4);
    }

    @ParameterizedTest
    @EnumSource(Balance.Plain.class)
    void everyServerIsTriedOnceAndNoneTwice(Balance.Plain balance) {
        LoadBalancer balancer = balancer(balance, ServerQueue.DEFAULT, null, server(1), server(2), server(3));

        Set<Server> tried = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            assertThat(tried.add(requireNonNull(taken(balancer, Affinity.NONE, tried))))
                    .isTrue();
        }

        assertThat(taken(balancer, Affinity.NONE, tried)).isNull();
        assertThat(balancer.isBusy(tried)).isFalse();
    }

    // ---- room

    @Test
    void firstServerIsFilledBeforeTheSecond() {
        LoadBalancer balancer =
                balancer(Balance.Plain.FIRST, ServerQueue.DEFAULT, null, limited(1, 3), limited(2, 2), limited(3, 1));

        List<Integer> taken = new ArrayList<>();
        for (Server next = take(balancer); next != null; next = take(balancer)) {
            taken.add(((InetSocketAddress) next.addresses().get(0)).getPort());
        }

        assertThat(taken).containsExactly(1, 1, 1, 2, 2, 3);
        assertThat(balancer.isBusy(Set.of())).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Balance.Plain.class)
    void noServerEverHasMoreThanItMay(Balance.Plain balance) {
        LoadBalancer balancer =
                balancer(balance, ServerQueue.DEFAULT, null, limited(1, 5), limited(2, 1), limited(3, 3));

        int taken = 0;
        while (take(balancer) != null) {
            taken++;
        }

        assertThat(taken).isEqualTo(9);
        assertThat(balancer.backend().servers()).extracting(Server::inFlight).containsExactly(5, 1, 3);
    }

    @Test
    void whoeverCameFirstIsServedFirst() {
        LoadBalancer balancer = balancer(limited(1, 1));
        Server server = requireNonNull(take(balancer));
        List<Integer> served = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            assertThat(balancer.join(waiter(i, served))).isTrue();
        }

        // Whoever comes while others wait does not overtake them.
        balancer.release(server);
        assertThat(served).containsExactly(0);
        assertThat(take(balancer)).isNull();
        balancer.release(server);
        balancer.release(server);
        assertThat(served).containsExactly(0, 1, 2);
        assertThat(server.inFlight()).isEqualTo(1);
        balancer.release(server);
        assertThat(take(balancer)).isSameAs(server);
    }

    @Test
    void placeThatIsGivenBackTwiceIsFreedOnce() {
        LoadBalancer balancer = balancer(limited(1, 1));
        Lease place = requireNonNull(balancer.take(Affinity.NONE, Set.of()));
        place.release();
        Lease next = requireNonNull(balancer.take(Affinity.NONE, Set.of()));

        place.release();

        assertThat(next.server().inFlight()).isEqualTo(1);
        assertThat(take(balancer)).isNull();
    }

    @Test
    void whoeverLeavesFreesThePlace() {
        LoadBalancer balancer =
                balancer(Balance.ROUND_ROBIN, new ServerQueue(1, Duration.ofSeconds(1)), null, limited(1, 1));
        Server server = requireNonNull(take(balancer));
        List<Integer> served = new ArrayList<>();
        Waiter leaving = waiter(0, served);

        assertThat(balancer.join(leaving)).isTrue();
        assertThat(balancer.join(waiter(1, served))).isFalse();
        assertThat(balancer.leave(leaving)).isTrue();
        assertThat(balancer.join(waiter(2, served))).isTrue();
        balancer.release(server);

        assertThat(served).containsExactly(2);
        assertThat(balancer.leave(leaving)).isFalse();
    }

    @Test
    void serverThatComesBackServesThoseWhoWait() {
        LoadBalancer balancer = balancer(limited(1, 1), limited(2, 1));
        Backend backend = balancer.backend();
        backend.refused(backend.servers().get(1), "connect: refused");
        requireNonNull(take(balancer));
        // It was tried as the last resort.
        Server last = take(balancer);
        assertThat(last).isSameAs(backend.servers().get(1));
        balancer.release(requireNonNull(last));
        List<Integer> served = new ArrayList<>();
        requireNonNull(take(balancer));
        balancer.join(waiter(0, served));
        assertThat(served).isEmpty();

        balancer.release(backend.servers().get(1));

        assertThat(served).containsExactly(0);
    }

    @Test
    void noPlaceIsLostOrGivenTwiceHoweverManyThreadsComeAndGo() throws Exception {
        LoadBalancer balancer = balancer(limited(1, 2), limited(2, 3));
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        int threads = 8;
        int each = 2000;
        CountDownLatch all = new CountDownLatch(threads);
        ExecutorService loops = Executors.newFixedThreadPool(threads);
        try {
            for (int t = 0; t < threads; t++) {
                Random random = new Random(t);
                loops.execute(() -> {
                    for (int i = 0; i < each; i++) {
                        exchange(balancer, now, most, done, random.nextInt(10) == 0);
                    }
                    all.countDown();
                });
            }
            assertThat(all.await(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            loops.shutdownNow();
        }

        assertThat(done).hasValue(threads * each);
        assertThat(most.get()).isLessThanOrEqualTo(5);
        assertThat(balancer.waiting()).isZero();
        assertThat(balancer.backend().servers()).extracting(Server::inFlight).containsExactly(0, 0);
    }

    private static void exchange(
            LoadBalancer balancer, AtomicInteger now, AtomicInteger most, AtomicInteger done, boolean impatient) {
        Server server = take(balancer);
        if (server == null) {
            CountDownLatch granted = new CountDownLatch(1);
            List<Server> got = new CopyOnWriteArrayList<>();
            Waiter waiter = new TestWaiter(next -> {
                got.add(next);
                granted.countDown();
            });
            assertThat(balancer.join(waiter)).isTrue();
            if (impatient && balancer.leave(waiter)) {
                done.incrementAndGet();
                return;
            }
            try {
                assertThat(granted.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            server = got.get(0);
        }
        most.accumulateAndGet(now.incrementAndGet(), Math::max);
        now.decrementAndGet();
        balancer.release(server);
        done.incrementAndGet();
    }

    // ---- stickiness

    @Test
    void cookieSaysNothingOfTheServerAndMeansTheSameAfterARestart() {
        LoadBalancer before = sticky(SECRET, server(1), server(2));
        LoadBalancer after = sticky(SECRET, server(2), server(3), server(1));
        Server server = before.backend().servers().get(1);

        String cookie = requireNonNull(requireNonNull(before.sticky()).setCookie(server, true));

        assertThat(cookie).matches("SERVER=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; SameSite=Lax; Secure");
        assertThat(requireNonNull(after.sticky()).server(value(cookie)))
                .isSameAs(after.backend().servers().get(0));
        LoadBalancer stranger = sticky("another secret".getBytes(StandardCharsets.US_ASCII), server(1), server(2));
        assertThat(requireNonNull(stranger.sticky()).server(value(cookie))).isNull();
    }

    @Test
    void clientComesBackToItsServerEvenWhereThatDrainsAndLeavesItWhereItIsDown() {
        LoadBalancer balancer = sticky(SECRET, server(1), server(2), draining(3));
        Backend backend = balancer.backend();
        Server home = backend.servers().get(2);
        Affinity client =
                client(value(requireNonNull(requireNonNull(balancer.sticky()).setCookie(home, false))));

        for (int i = 0; i < 5; i++) {
            assertThat(taken(balancer, client, Set.of())).isSameAs(home);
        }
        assertThat(taken(balancer, client, Set.of(home))).isNotSameAs(home).isNotNull();
        backend.refused(home, "connect: refused");
        assertThat(taken(balancer, client, Set.of())).isNotSameAs(home).isNotNull();
    }

    @Test
    void clientWaitsForItsOwnServerWhileOthersHaveRoom() {
        LoadBalancer balancer = sticky(SECRET, limited(1, 1), limited(2, 10));
        Server home = balancer.backend().servers().get(0);
        Affinity client =
                client(value(requireNonNull(requireNonNull(balancer.sticky()).setCookie(home, false))));
        requireNonNull(taken(balancer, client, Set.of()));
        List<Server> granted = new ArrayList<>();

        assertThat(taken(balancer, client, Set.of())).isNull();
        assertThat(balancer.isBusy(Set.of())).isTrue();
        assertThat(balancer.join(new TestWaiter(client, granted::add))).isTrue();
        // Nobody else waits for that.
        List<Integer> served = new ArrayList<>();
        balancer.join(waiter(1, served));
        assertThat(served).containsExactly(1);
        assertThat(granted).isEmpty();

        balancer.release(home);
        assertThat(granted).containsExactly(home);
    }

    @Test
    void clientThatWaitsForAServerThatIsTakenOutGetsAnother() {
        LoadBalancer balancer = sticky(SECRET, limited(1, 1), limited(2, 10));
        Server home = balancer.backend().servers().get(0);
        Server other = balancer.backend().servers().get(1);
        Affinity client =
                client(value(requireNonNull(requireNonNull(balancer.sticky()).setCookie(home, false))));
        requireNonNull(taken(balancer, client, Set.of()));
        List<Server> granted = new ArrayList<>();
        assertThat(balancer.join(new TestWaiter(client, granted::add))).isTrue();

        balancer.follow(config(
                Balance.ROUND_ROBIN,
                ServerQueue.DEFAULT,
                new Stickiness("SERVER", null, Stickiness.SameSite.LAX, "/"),
                limited(2, 10)));

        assertThat(granted).containsExactly(other);
    }

    private static String value(String setCookie) {
        return setCookie.substring(setCookie.indexOf('=') + 1, setCookie.indexOf(';'));
    }

    private static Affinity client(String cookie) {
        return new HandAffinity("127.0.0.1", "/", java.util.Map.of("Cookie SERVER", cookie));
    }

    // ---- making them

    private static Waiter waiter(int number, List<Integer> served) {
        return new TestWaiter(server -> served.add(number));
    }

    private record TestWaiter(Affinity affinity, java.util.function.Consumer<Server> told) implements Waiter {
        TestWaiter(java.util.function.Consumer<Server> told) {
            this(Affinity.NONE, told);
        }

        @Override
        public Set<Server> tried() {
            return Set.of();
        }

        @Override
        public void granted(Lease place) {
            told.accept(place.server());
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    private static @Nullable Server take(LoadBalancer balancer) {
        return taken(balancer, Affinity.NONE, Set.of());
    }

    private static @Nullable Server taken(LoadBalancer balancer, Affinity affinity, Set<Server> tried) {
        Lease lease = balancer.take(affinity, tried);
        return lease == null ? null : lease.server();
    }

    private static List<Integer> ports(LoadBalancer balancer, int exchanges) {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < exchanges; i++) {
            Server server = requireNonNull(take(balancer));
            balancer.release(server);
            ports.add(((InetSocketAddress) server.addresses().get(0)).getPort());
        }
        return ports;
    }

    private static Configuration.Server server(int port) {
        return new Configuration.Server("127.0.0.1", port, 1);
    }

    private static Configuration.Server backup(int port) {
        return new Configuration.Server("127.0.0.1", port, 1, true, 0, false);
    }

    private static Configuration.Server draining(int port) {
        return new Configuration.Server("127.0.0.1", port, 1, false, 0, true);
    }

    private static Configuration.Server limited(int port, int max) {
        return new Configuration.Server("127.0.0.1", port, 1, false, max, false);
    }

    private static LoadBalancer balancer(Configuration.Server... servers) {
        return balancer(Balance.ROUND_ROBIN, ServerQueue.DEFAULT, null, servers);
    }

    private static LoadBalancer sticky(byte[] secret, Configuration.Server... servers) {
        return new LoadBalancer(
                new Backend(config(
                        Balance.ROUND_ROBIN,
                        ServerQueue.DEFAULT,
                        new Stickiness("SERVER", null, Stickiness.SameSite.LAX, "/"),
                        servers)),
                1,
                () -> secret);
    }

    private static LoadBalancer balancer(
            Balance balance, ServerQueue queue, @Nullable Stickiness sticky, Configuration.Server... servers) {
        return new LoadBalancer(new Backend(config(balance, queue, sticky, servers)), 1, () -> SECRET);
    }

    private static Configuration.Backend config(
            Balance balance, ServerQueue queue, @Nullable Stickiness sticky, Configuration.Server... servers) {
        return new Configuration.Backend(
                "web",
                balance,
                List.of(servers),
                null,
                ServerProtocol.HTTP_1,
                queue,
                Duration.ZERO,
                null,
                sticky,
                null,
                false,
                Set.of());
    }
}
