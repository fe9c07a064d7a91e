package dev.postern.balance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.postern.backend.Server;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TwoChoicesTest {
    @ParameterizedTest(name = "weights {0}")
    @ValueSource(strings = {"1 1 1 1", "1 2 3", "256 1 1", "5"})
    void idleServersAreDrawnByWeight(String weights) {
        List<Server> servers = RoundRobinTest.servers(weights);
        TwoChoices random = new TwoChoices(servers, new AtomicInteger(), 1);

        Map<Server, Integer> chosen = new HashMap<>();
        int draws = 30_000;
        for (int i = 0; i < draws; i++) {
            chosen.merge(requireNonNull(random.select(Affinity.NONE, Set.of())), 1, Integer::sum);
        }

        double total = servers.stream().mapToInt(Server::weight).sum();
        assertThat(servers)
                .allSatisfy(server -> assertThat((double) chosen.getOrDefault(server, 0) / draws)
                        .isCloseTo(server.weight() / total, within(0.01)));
    }

    @ParameterizedTest(name = "weights {0}")
    @ValueSource(strings = {"1 1 1 1 1", "4 2 1 1"})
    void loadIsEvenByWeight(String weights) {
        List<Server> servers = RoundRobinTest.servers(weights);
        TwoChoices random = new TwoChoices(servers, new AtomicInteger(), 2);

        int load = 10_000;
        for (int i = 0; i < load; i++) {
            requireNonNull(random.select(Affinity.NONE, Set.of())).tryBegin();
        }

        // One choice would be off by a hundred or so; two are off by a handful.
        double total = servers.stream().mapToInt(Server::weight).sum();
        assertThat(servers)
                .allSatisfy(server -> assertThat(server.inFlight() - load * server.weight() / total)
                        .isBetween(-20.0, 20.0));
    }

    @Test
    void busyServerIsHardlyEverTaken() {
        List<Server> servers = RoundRobinTest.servers("1 1 1 1");
        for (int i = 0; i < 100; i++) {
            servers.get(1).tryBegin();
        }
        TwoChoices random = new TwoChoices(servers, new AtomicInteger(), 3);

        for (int i = 0; i < 1000; i++) {
            assertThat(random.select(Affinity.NONE, Set.of())).isNotSameAs(servers.get(1));
        }
    }

    @Test
    void twoPosternsDoNotDrawTheSame() {
        List<Server> servers = RoundRobinTest.servers("1 1 1 1 1 1 1 1");
        TwoChoices one = new TwoChoices(servers, new AtomicInteger(), 4);
        TwoChoices other = new TwoChoices(servers, new AtomicInteger(), 5);

        int same = 0;
        for (int i = 0; i < 1000; i++) {
            same += one.select(Affinity.NONE, Set.of()) == other.select(Affinity.NONE, Set.of()) ? 1 : 0;
        }

        assertThat(same).isLessThan(250);
    }

    @Test
    void everyServerIsFoundBeforeNoneIsLeft() {
        List<Server> servers = RoundRobinTest.servers("9 1 1 4 2");
        TwoChoices random = new TwoChoices(servers, new AtomicInteger(Integer.MAX_VALUE), 6);

        for (int round = 0; round < 100; round++) {
            Set<Server> tried = new HashSet<>();
            for (int i = 0; i < servers.size(); i++) {
                assertThat(tried.add(requireNonNull(random.select(Affinity.NONE, tried))))
                        .isTrue();
            }
            assertThat(random.select(Affinity.NONE, tried)).isNull();
        }
    }
}
