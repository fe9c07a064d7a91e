package dev.postern.balance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.postern.backend.Server;
import dev.postern.config.Balance;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsistentHashTest {
    private static final int KEYS = 20_000;
    private static final OptionalInt UNBOUNDED = OptionalInt.empty();

    @ParameterizedTest(name = "weights {0}")
    @ValueSource(strings = {"1 1 1 1", "1 2 3 4", "256 1", "7 7 1 7 7"})
    void keysAreSharedByWeight(String weights) {
        List<Server> servers = RoundRobinTest.servers(weights);
        Map<Server, Integer> keys = count(assignment(servers));

        double total = servers.stream().mapToInt(Server::weight).sum();
        // Four standard deviations of so many independent draws.
        assertThat(servers).allSatisfy(server -> {
            double share = server.weight() / total;
            assertThat((double) keys.getOrDefault(server, 0) / KEYS)
                    .isCloseTo(share, within(4 * Math.sqrt(share * (1 - share) / KEYS)));
        });
    }

    @ParameterizedTest(name = "weights {0}")
    @ValueSource(strings = {"1 1 1 1 1", "5 1 3 1 2"})
    void onlyTheKeysOfTheServerThatLeavesMoveAndTheyComeBackWithIt(String weights) {
        List<Server> servers = RoundRobinTest.servers(weights);
        Server leaving = servers.get(2);
        List<Server> before = assignment(servers);

        List<Server> without = new ArrayList<>(servers);
        without.remove(leaving);
        List<Server> after = assignment(without);

        Map<Server, Integer> movedTo = new HashMap<>();
        for (int i = 0; i < KEYS; i++) {
            if (before.get(i) == leaving) {
                movedTo.merge(after.get(i), 1, Integer::sum);
            } else {
                assertThat(after.get(i)).isSameAs(before.get(i));
            }
        }
        // And all others take their part of them, none all.
        double moved = movedTo.values().stream().mapToInt(Integer::intValue).sum();
        double total = without.stream().mapToInt(Server::weight).sum();
        assertThat(without)
                .allSatisfy(server -> assertThat(movedTo.getOrDefault(server, 0) / moved)
                        .isCloseTo(server.weight() / total, within(0.05)));
        assertThat(assignment(servers)).isEqualTo(before);
    }

    @Property
    void noOtherKeysMoveWhoeverLeaves(
            @ForAll @Size(min = 2, max = 8) List<@IntRange(min = 1, max = 256) Integer> weights,
            @ForAll @IntRange(max = 7) int which,
            @ForAll int key) {
        List<Server> servers = RoundRobinTest.servers(weights);
        Server leaving = servers.get(which % servers.size());
        List<Server> without = new ArrayList<>(servers);
        without.remove(leaving);
        ConsistentHash before = byHeader(servers, UNBOUNDED);
        ConsistentHash after = byHeader(without, UNBOUNDED);

        Server home = requireNonNull(before.select(header("tenant-" + key), Set.of()));

        if (home == leaving) {
            assertThat(after.select(header("tenant-" + key), Set.of())).isIn(without);
        } else {
            assertThat(after.select(header("tenant-" + key), Set.of())).isSameAs(home);
        }
    }

    @Test
    void newServerTakesItsShareAndNothingElseMoves() {
        List<Server> six = RoundRobinTest.servers("1 1 1 1 1 1");
        List<Server> before = assignment(six.subList(0, 5));
        List<Server> after = assignment(six);

        int moved = 0;
        for (int i = 0; i < KEYS; i++) {
            if (before.get(i) != after.get(i)) {
                assertThat(after.get(i)).isSameAs(six.get(5));
                moved++;
            }
        }
        assertThat((double) moved / KEYS).isCloseTo(1.0 / 6, within(0.02));
    }

    // Of what used to be a flaw of many: the order of the list, or of the restart, must not matter.
    @Test
    void orderOfTheServersDoesNotMatter() {
        List<Server> servers = RoundRobinTest.servers("1 2 3");
        List<Server> turned = List.of(servers.get(2), servers.get(0), servers.get(1));

        assertThat(assignment(turned)).isEqualTo(assignment(servers));
    }

    @Test
    void hotKeyGivesNoServerMoreThanTheBound() {
        List<Server> servers = RoundRobinTest.servers("1 1 1 1");
        ConsistentHash hash = byHeader(servers, OptionalInt.of(125));

        for (int load = 1; load <= 4000; load++) {
            requireNonNull(hash.select(header("hot"), Set.of())).tryBegin();
            long bound = Math.max(16, (long) Math.ceil(1.25 * load / 4));
            assertThat(servers)
                    .allSatisfy(server -> assertThat((long) server.inFlight()).isLessThanOrEqualTo(bound));
        }
    }

    @Test
    void boundHoldsByWeight() {
        List<Server> servers = RoundRobinTest.servers("3 1");
        ConsistentHash hash = byHeader(servers, OptionalInt.of(125));

        for (int i = 0; i < 4000; i++) {
            requireNonNull(hash.select(header("hot"), Set.of())).tryBegin();
        }

        assertThat(servers.get(0).inFlight()).isBetween(2750, 3750);
        assertThat(servers.get(1).inFlight()).isBetween(250, 1250);
    }

    @Test
    void hotKeyHasItsServerForItselfWithoutABound() {
        List<Server> servers = RoundRobinTest.servers("1 1 1 1");
        ConsistentHash hash = byHeader(servers, UNBOUNDED);

        for (int i = 0; i < 1000; i++) {
            requireNonNull(hash.select(header("hot"), Set.of())).tryBegin();
        }

        assertThat(servers).extracting(Server::inFlight).containsOnlyOnce(1000);
    }

    // Two requests at once, of one browser, are no load: they must not end up on two servers.
    @Test
    void keysStayWhileThereIsLittleToDo() {
        List<Server> servers = RoundRobinTest.servers("1 1 1 1 1 1 1 1");
        ConsistentHash bounded = byHeader(servers, OptionalInt.of(110));
        Server home = requireNonNull(bounded.select(header("browser"), Set.of()));

        for (int i = 0; i < 16; i++) {
            assertThat(bounded.select(header("browser"), Set.of())).isSameAs(home);
            home.tryBegin();
        }
    }

    @Test
    void requestWithoutTheKeyTakesTurns() {
        List<Server> servers = RoundRobinTest.servers("1 1 1");
        ConsistentHash hash = byHeader(servers, OptionalInt.of(125));

        List<Server> chosen = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            chosen.add(hash.select(Affinity.NONE, Set.of()));
        }

        assertThat(chosen)
                .containsExactly(
                        servers.get(0), servers.get(1), servers.get(2), servers.get(0), servers.get(1), servers.get(2));
    }

    @Test
    void triedServersAreLeftOutUntilNoneIsLeft() {
        List<Server> servers = RoundRobinTest.servers("1 1 1");
        ConsistentHash hash = byHeader(servers, OptionalInt.of(125));
        Server first = requireNonNull(hash.select(header("key"), Set.of()));
        Server second = requireNonNull(hash.select(header("key"), Set.of(first)));

        assertThat(second).isNotSameAs(first);
        assertThat(hash.select(header("key"), Set.of(first, second)))
                .isNotIn(first, second)
                .isNotNull();
        assertThat(hash.select(header("key"), Set.copyOf(servers))).isNull();
    }

    private static List<Server> assignment(List<Server> servers) {
        ConsistentHash hash = byHeader(servers, UNBOUNDED);
        List<Server> assignment = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            assignment.add(hash.select(header("tenant-" + i), Set.of()));
        }
        return assignment;
    }

    private static Map<Server, Integer> count(List<Server> assignment) {
        Map<Server, Integer> counts = new HashMap<>();
        assignment.forEach(server -> counts.merge(server, 1, Integer::sum));
        return counts;
    }

    private static ConsistentHash byHeader(List<Server> servers, OptionalInt bound) {
        return new ConsistentHash(
                servers,
                HashKey.of(new Balance.Key.Header("X-Tenant")),
                bound,
                new RoundRobin(servers, Server::share, new AtomicInteger()));
    }

    private static Affinity header(String value) {
        return new HandAffinity("127.0.0.1", "/", Map.of("X-Tenant", value));
    }
}
