package dev.postern.alert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Alerts;
import dev.postern.config.Alerts.About;
import dev.postern.config.Secret;
import dev.postern.testing.TestServer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is told, and how often; to a receiver that listens on a socket. */
class TroubleWatchTest {
    private static final Trouble DOWN = new Trouble(About.BACKENDS, "web", "backend web: no server is up", "why");
    private static final Trouble LATE = new Trouble(About.RENEWALS, "a.example", "a.example: not renewed", "why");

    private record Later(Duration after, Runnable task) {}

    private final AtomicInteger status = new AtomicInteger(200);
    private final TestServer server = TestServer.start(
            (request, connection) -> connection.send("HTTP/1.1 " + status.get() + " X\r\nContent-Length: 0\r\n\r\n"));
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-02T00:00:00Z"));
    private final List<Later> later = new ArrayList<>();
    private final TroubleWatch watch = new TroubleWatch(
            new Delivery(Runnable::run, (wait, task) -> later.add(new Later(wait, task)), now::get, "edge1"), now::get);

    @AfterEach
    void close() {
        server.close();
    }

    private void begin(int perHour, About... about) {
        watch.follow(new Alerts(
                EnumSet.copyOf(List.of(about)),
                perHour,
                null,
                List.of(new Alerts.Webhook(
                        new Secret("http://" + server.address() + "/"), Alerts.Format.NTFY, null, null))));
    }

    private List<String> told() {
        return server.requests().stream()
                .map(request -> request.header("Title").get(0))
                .toList();
    }

    @Test
    void troubleIsToldOnceAndOnceMoreWhenItIsOver() {
        begin(20, About.values());

        watch.look(List.of(DOWN));
        assertThat(told()).isEmpty();
        for (int i = 0; i < 5; i++) {
            watch.look(List.of(DOWN, LATE));
        }
        assertThat(told()).containsExactly(DOWN.title(), LATE.title());
        watch.look(List.of(LATE));
        watch.look(List.of(LATE));
        watch.look(List.of(LATE));
        assertThat(told()).containsExactly(DOWN.title(), LATE.title(), "over: " + DOWN.title());
        watch.look(List.of(LATE, DOWN));
        watch.look(List.of(LATE, DOWN));
        assertThat(told()).hasSize(4);
    }

    @Test
    void whatComesAndGoesIsNotTold() {
        begin(20, About.values());

        for (int i = 0; i < 5; i++) {
            watch.look(List.of(DOWN));
            watch.look(List.of());
        }

        assertThat(told()).isEmpty();
    }

    @Test
    void whatNobodyWantsToHearOfIsNotTold() {
        begin(20, About.RENEWALS);

        watch.look(List.of(DOWN, LATE));
        watch.look(List.of(DOWN, LATE));

        assertThat(told()).containsExactly(LATE.title());
    }

    @Test
    void whatIsTooMuchIsToldInOne() {
        begin(2, About.values());
        List<Trouble> many = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            many.add(new Trouble(About.BACKENDS, "b" + i, "b" + i + " is down", ""));
        }

        watch.look(many);
        watch.look(many);
        watch.look(many);
        assertThat(told()).containsExactly("b0 is down", "b1 is down");
        now.set(now.get().plus(Duration.ofHours(1)));
        watch.look(many);

        assertThat(told()).containsExactly("b0 is down", "b1 is down", "3 more alerts that were not sent");
    }

    @Test
    void whatDoesNotGetThereIsSentAgainAndGivenUpInTheEnd() {
        begin(20, About.values());
        status.set(500);

        watch.look(List.of(DOWN));
        watch.look(List.of(DOWN));
        for (int i = 0; i < Delivery.RETRIES.size(); i++) {
            assertThat(later.get(i).after()).isEqualTo(Delivery.RETRIES.get(i));
            later.get(i).task().run();
        }

        assertThat(server.requests()).hasSize(4);
        assertThat(later).hasSize(3);
    }
}
