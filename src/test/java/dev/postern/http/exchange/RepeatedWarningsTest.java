package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.wire.Failure;
import dev.postern.wire.Failure.ByServer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server that fails every request does not fill the log, and does not go unseen. */
class RepeatedWarningsTest {
    private static final String SERVER = "backend web: server 10.0.0.1:80";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void eachServerAndReasonIsToldOfAFewTimesInAWhile() {
        RepeatedWarnings warnings = new RepeatedWarnings();

        assertThat(told(warnings, SERVER, ByServer.RESPONSE_TIMEOUT, 100, 0)).isEqualTo(5);
        assertThat(told(warnings, SERVER, ByServer.CLOSED_BEFORE_RESPONSE, 100, 0))
                .isEqualTo(5);
        assertThat(told(warnings, "another", ByServer.RESPONSE_TIMEOUT, 100, 0)).isEqualTo(5);
        warnings.sweep(TimeUnit.SECONDS.toNanos(9));
        assertThat(told(warnings, SERVER, ByServer.RESPONSE_TIMEOUT, 100, 9)).isZero();
        warnings.sweep(TimeUnit.SECONDS.toNanos(10));
        assertThat(told(warnings, SERVER, ByServer.RESPONSE_TIMEOUT, 100, 10)).isEqualTo(5);
    }

    @Test
    void whatWasLeftOutIsCounted() {
        RepeatedWarnings warnings = new RepeatedWarnings();
        try (CapturedLog log = CapturedLog.begin()) {
            told(warnings, SERVER, ByServer.RESPONSE_TIMEOUT, 105, 0);
            told(warnings, "another", ByServer.RESPONSE_TIMEOUT, 5, 0);
            warnings.sweep(TimeUnit.SECONDS.toNanos(10));
            warnings.sweep(TimeUnit.SECONDS.toNanos(20));

            assertThat(log.lines("not logged one by one"))
                    .singleElement()
                    .asString()
                    .endsWith(SERVER + ": response_timeout: 100 more in 10 s, not logged one by one");
        }
    }

    @Test
    void stormOfFailuresIsAFewLines() throws Exception {
        edge.startWith(List.of("127.0.0.1:" + FreePorts.next()), "");
        RawClient client = edge.client();
        try (CapturedLog log = CapturedLog.begin()) {
            for (int i = 0; i < 50; i++) {
                assertThat(client.get("localhost", "/").status()).isEqualTo(503);
            }

            assertThat(log.lines("connect_refused")).hasSize(5);
        }
    }

    private static long told(RepeatedWarnings warnings, String where, Failure why, int times, long seconds) {
        return IntStream.range(0, times)
                .filter(i -> warnings.tells(where, why, TimeUnit.SECONDS.toNanos(seconds)))
                .count();
    }
}
