package dev.postern.balance;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoundRobinTest {
    // Weights 5 1 1 are nginx's own example of what smooth means.
    @ParameterizedTest(name = "weights {0}: {1}")
    @CsvSource({
        "1, aaaa",
        "1 1, abab",
        "1 1 1, abcabc",
        "2 1, abaaba",
        "5 1 1, aabacaaaabacaa",
        "4 2, abaaba",
        "256 128, abaaba",
        "1 2 3, cbacbccbacbc",
    })
    void serversTakeTurnsByWeight(String weights, String expected) {
        RoundRobin roundRobin = new RoundRobin(servers(weights), Server::share, new AtomicInteger());

        StringBuilder sequence = new StringBuilder();
        for (int i = 0; i < expected.length(); i++) {
            sequence.append(name(requireNonNull(roundRobin.select(Affinity.NONE, Set.of()))));
        }

        assertThat(sequence).hasToString(expected);
    }

    /** Over one turn, which is as long as the weights without their common divisor; and it may begin anywhere. */
    @Property
    void everyServerGetsExactlyItsShareOfEveryTurn(
            @ForAll @Size(min = 1, max = 8) List<@IntRange(min = 1, max = 256) Integer> weights,
            @ForAll @IntRange(min = 0, max = 1 << 20) int start) {
        List<Server> servers = servers(weights);
        int divisor = weights.stream().mapToInt(Integer::intValue).reduce(0, RoundRobinTest::gcd);
        RoundRobin roundRobin = new RoundRobin(servers, Server::share, new AtomicInteger(start));

        Map<Server, Integer> chosen = new HashMap<>();
        for (int i = weights.stream().mapToInt(Integer::intValue).sum() / divisor; i > 0; i--) {
            chosen.merge(requireNonNull(roundRobin.select(Affinity.NONE, Set.of())), 1, Integer::sum);
        }

        assertThat(servers).allSatisfy(server -> assertThat(chosen).containsEntry(server, server.weight() / divisor));
    }

    @Test
    void serversThatWereTriedAreSkipped() {
        List<Server> servers = servers("5 1 1");
        RoundRobin roundRobin = new RoundRobin(servers, Server::share, new AtomicInteger());

        assertThat(roundRobin.select(Affinity.NONE, Set.of(servers.get(0)))).isNotSameAs(servers.get(0));
        assertThat(roundRobin.select(Affinity.NONE, Set.of(servers.get(0), servers.get(1))))
                .isSameAs(servers.get(2));
        assertThat(roundRobin.select(Affinity.NONE, Set.copyOf(servers))).isNull();
    }

    @ParameterizedTest(name = "from {0}")
    @ValueSource(ints = {Integer.MAX_VALUE - 3, Integer.MIN_VALUE, -4})
    void counterMayWrapAround(int start) {
        List<Server> servers = servers("1 1 1");
        RoundRobin roundRobin = new RoundRobin(servers, Server::share, new AtomicInteger(start));

        List<Server> chosen = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            chosen.add(requireNonNull(roundRobin.select(Affinity.NONE, Set.of())));
        }

        // Where 2^32 is no multiple of the length, one turn is repeated or left out at the seam.
        assertThat(servers)
                .allSatisfy(server ->
                        assertThat(chosen.stream().filter(server::equals)).hasSizeBetween(2, 4));
    }

    // The search for an untried server runs over the seam: it must not look at one twice and at another never.
    @ParameterizedTest(name = "server {0} is the only one left")
    @ValueSource(ints = {0, 1, 2})
    void untriedServerIsFoundWhereTheCounterWraps(int left) {
        List<Server> servers = servers("1 1 1");
        RoundRobin roundRobin = new RoundRobin(servers, Server::share, new AtomicInteger(Integer.MAX_VALUE));
        Set<Server> tried =
                servers.stream().filter(server -> server != servers.get(left)).collect(Collectors.toSet());

        assertThat(roundRobin.select(Affinity.NONE, tried)).isSameAs(servers.get(left));
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /** Servers a, b, c… of these weights. */
    static List<Server> servers(String weights) {
        return servers(Stream.of(weights.split(" ", -1)).map(Integer::parseInt).toList());
    }

    static List<Server> servers(List<Integer> weights) {
        List<Configuration.Server> servers = new ArrayList<>();
        for (int weight : weights) {
            servers.add(new Configuration.Server("127.0.0.1", 1 + servers.size(), weight));
        }
        return new Backend(new Configuration.Backend("web", Balance.ROUND_ROBIN, servers, null)).servers();
    }

    private static String name(Server server) {
        return Stream.of("a", "b", "c")
                .skip(((InetSocketAddress) server.addresses().get(0)).getPort() - 1)
                .findFirst()
                .orElseThrow();
    }
}
