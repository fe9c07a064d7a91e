package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.alert.Trouble;
import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.backend.ServerOverride.Mode;
import dev.postern.backend.ServerOverride.Said;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What counts as wrong, and what is said of it. */
class SymptomsTest {
    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

    private final Symptoms symptoms = new Symptoms();

    private List<Trouble> look(LoadBalancer balancer) {
        return symptoms.look(List.of(), List.of(balancer), 0, NOW);
    }

    private List<Trouble> look(long dropped, Instant at) {
        return symptoms.look(List.of(), List.of(), dropped, at);
    }

    private static LoadBalancer balancer(int servers) {
        Backend backend = new Backend(new Configuration.Backend(
                "web",
                Balance.ROUND_ROBIN,
                IntStream.rangeClosed(1, servers)
                        .mapToObj(port -> new Configuration.Server("127.0.0.1", port, 1))
                        .toList(),
                null));
        return new LoadBalancer(backend, 1, () -> new byte[16]);
    }

    private static void refuse(LoadBalancer balancer, int server) {
        balancer.backend().refused(balancer.backend().servers().get(server), "connect: refused");
    }

    private static void say(LoadBalancer balancer, int server, Mode mode) {
        Server said = balancer.backend().servers().get(server);
        balancer.backend().override(said, before -> before.with(new Said<>(mode, NOW, null)));
    }

    @Test
    void backendWithoutAServerThatIsUpIsSaidToBeAskedWhereItIs() {
        LoadBalancer balancer = balancer(2);
        refuse(balancer, 0);
        assertThat(look(balancer)).isEmpty();
        refuse(balancer, 1);

        assertThat(look(balancer))
                .singleElement()
                .satisfies(trouble -> assertThat(trouble.text())
                        .startsWith("Its servers are asked all the same")
                        .doesNotContain("503")
                        .contains("127.0.0.1:1: ", "127.0.0.1:2: "));
    }

    @Test
    void backendThatNobodyIsAskedOfIsSaidToAnswer503() {
        LoadBalancer balancer = balancer(2);
        say(balancer, 0, Mode.MAINTENANCE);
        say(balancer, 1, Mode.DRAIN);
        refuse(balancer, 1);

        assertThat(look(balancer))
                .singleElement()
                .satisfies(trouble -> assertThat(trouble.text()).startsWith("Requests for it are answered 503."));
    }

    // He knows.
    @Test
    void backendThatAnOperatorHasTakenOutIsNoTrouble() {
        LoadBalancer balancer = balancer(2);
        say(balancer, 0, Mode.MAINTENANCE);
        say(balancer, 1, Mode.MAINTENANCE);

        assertThat(look(balancer)).isEmpty();
    }

    @Test
    void logThatIsRemovedHasLostNothing() {
        assertThat(look(5, NOW)).hasSize(1);
        Instant later = NOW.plus(Duration.ofHours(1));
        assertThat(look(5, later)).isEmpty();

        // The reload has taken one of two with it, whose lines are no more counted.
        assertThat(look(2, later)).isEmpty();
        assertThat(look(3, later)).hasSize(1);
    }
}
