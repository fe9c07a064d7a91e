package dev.postern.balance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.backend.Server;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeastConnectionsTest {
    @Test
    void serverWithTheFewestExchangesIsNext() {
        List<Server> servers = RoundRobinTest.servers("1 1 1");
        servers.get(0).tryBegin();
        servers.get(2).tryBegin();
        LeastConnections leastConnections = new LeastConnections(servers, new AtomicInteger());

        for (int i = 0; i < 5; i++) {
            assertThat(leastConnections.select(Affinity.NONE, Set.of())).isSameAs(servers.get(1));
        }
    }

    @Test
    void idleServersTakeTurns() {
        List<Server> servers = RoundRobinTest.servers("1 1");
        LeastConnections leastConnections = new LeastConnections(servers, new AtomicInteger());

        assertThat(leastConnections.select(Affinity.NONE, Set.of())).isSameAs(servers.get(0));
        assertThat(leastConnections.select(Affinity.NONE, Set.of())).isSameAs(servers.get(1));
        assertThat(leastConnections.select(Affinity.NONE, Set.of())).isSameAs(servers.get(0));
    }

    @Test
    void loadIsSharedByWeight() {
        List<Server> servers = RoundRobinTest.servers("3 1");
        LeastConnections leastConnections = new LeastConnections(servers, new AtomicInteger());

        for (int i = 0; i < 40; i++) {
            requireNonNull(leastConnections.select(Affinity.NONE, Set.of())).tryBegin();
        }

        assertThat(servers).extracting(Server::inFlight).containsExactly(30, 10);
    }

    /** A busier one, for its weight, after the exchange was given to it. */
    @Property
    void noServerIsChosenThatIsBusierThanAnother(
            @ForAll @Size(min = 1, max = 6) List<@IntRange(min = 1, max = 256) Integer> weights,
            @ForAll @Size(6) List<@IntRange(max = 50) Integer> loads,
            @ForAll Set<@IntRange(max = 5) Integer> triedOnes,
            @ForAll int start) {
        List<Server> servers = RoundRobinTest.servers(weights);
        Set<Server> tried = new HashSet<>();
        for (int i = 0; i < servers.size(); i++) {
            for (int load = loads.get(i); load > 0; load--) {
                servers.get(i).tryBegin();
            }
            if (triedOnes.contains(i)) {
                tried.add(servers.get(i));
            }
        }

        Server chosen = new LeastConnections(servers, new AtomicInteger(start)).select(Affinity.NONE, tried);

        assertThat(chosen == null).isEqualTo(tried.size() == servers.size());
        if (chosen != null) {
            assertThat(chosen).isNotIn(tried);
            assertThat(servers)
                    .filteredOn(server -> !tried.contains(server))
                    .allSatisfy(server -> assertThat((chosen.inFlight() + 1.0) / chosen.weight())
                            .isLessThanOrEqualTo((server.inFlight() + 1.0) / server.weight() + 1e-9));
        }
    }

    @ParameterizedTest(name = "server {0} is the only one left")
    @ValueSource(ints = {0, 1, 2})
    void untriedServerIsFoundWhereTheCounterWraps(int left) {
        List<Server> servers = RoundRobinTest.servers("1 1 1");
        LeastConnections leastConnections = new LeastConnections(servers, new AtomicInteger(Integer.MAX_VALUE));
        Set<Server> tried =
                servers.stream().filter(server -> server != servers.get(left)).collect(Collectors.toSet());

        assertThat(leastConnections.select(Affinity.NONE, tried)).isSameAs(servers.get(left));
        assertThat(leastConnections.select(Affinity.NONE, Set.copyOf(servers))).isNull();
    }
}
