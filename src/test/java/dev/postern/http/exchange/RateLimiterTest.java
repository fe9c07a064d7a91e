package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.RateLimit;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who may make one more request, and who has to wait for how long. */
class RateLimiterTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final RateLimit TEN_A_SECOND = new RateLimit("site", 10, Duration.ofSeconds(1), 20);

    private final RateLimiter limiter = new RateLimiter(new Random(4711));
    /** Of a clock that is about to overflow, as nanoTime may be. */
    private long now = Long.MAX_VALUE - 5 * SECOND;

    @Test
    void burstIsAllowedAndThenTheRate() {
        assertThat(allowed("192.0.2.7", 30)).isEqualTo(20);
        now += SECOND;
        assertThat(allowed("192.0.2.7", 30)).isEqualTo(10);
        now += SECOND / 10;
        assertThat(allowed("192.0.2.7", 30)).isEqualTo(1);
    }

    @Test
    void restRefillsTheBucketAndNoMore() {
        assertThat(allowed("192.0.2.7", 30)).isEqualTo(20);
        now += 100 * SECOND;
        assertThat(allowed("192.0.2.7", 100)).isEqualTo(20);
    }

    @Test
    void whoIsRefusedIsToldHowLong() {
        allowed("192.0.2.7", 20);

        long wait = take("192.0.2.7");
        assertThat(wait).isEqualTo(SECOND / 10);
        now += wait - 1;
        assertThat(take("192.0.2.7")).isEqualTo(1);
        now += 1;
        assertThat(take("192.0.2.7")).isEqualTo(0);
    }

    // Otherwise a client that never stops asking would never be let in again.
    @Test
    void refusalsCostNothing() {
        allowed("192.0.2.7", 10_000);
        now += 2 * SECOND;

        assertThat(allowed("192.0.2.7", 30)).isEqualTo(20);
    }

    @Test
    void clientsAreCountedApart() {
        allowed("192.0.2.7", 30);

        assertThat(allowed("192.0.2.8", 30)).isEqualTo(20);
    }

    @Test
    void ipv6ClientIsItsWholeNetwork() {
        assertThat(allowed("2001:db8:1:2::1", 15)).isEqualTo(15);
        assertThat(allowed("2001:db8:1:2:ffff:ffff:ffff:ffff", 15)).isEqualTo(5);
        assertThat(allowed("2001:db8:1:3::1", 15)).isEqualTo(15);
    }

    @Test
    void limitsAreCountedApart() {
        allowed("192.0.2.7", 30);
        RateLimit other = new RateLimit("other site", 1, Duration.ofSeconds(1), 1);

        assertThat(limiter.take(other, address("192.0.2.7"), now)).isEqualTo(0);
        assertThat(limiter.take(other, address("192.0.2.7"), now)).isEqualTo(SECOND);
    }

    @Test
    void limitThatBecameNarrowerMakesNobodyWaitLongerThanItself() {
        RateLimit slow = new RateLimit("site", 1, Duration.ofDays(1), 10);
        for (int i = 0; i < 10; i++) {
            limiter.take(slow, address("192.0.2.7"), now);
        }

        assertThat(take("192.0.2.7")).isEqualTo(SECOND / 10);
    }

    // A botnet, or one that owns a /32 of IPv6: neither sets free who is limited, nor shuts out who is new.
    @Test
    void anyNumberOfOtherClientsChangesNothing() {
        for (int i = 0; i < 100; i++) {
            assertThat(allowed("192.0.2." + i, 30)).isEqualTo(20);
        }
        Random random = new Random(1);
        for (int i = 0; i < 500_000; i++) {
            byte[] bytes = new byte[16];
            random.nextBytes(bytes);
            bytes[0] = 0x20;
            assertThat(limiter.take(TEN_A_SECOND, inet(bytes), now)).isEqualTo(0);
        }

        for (int i = 0; i < 100; i++) {
            assertThat(take("192.0.2." + i)).as("192.0.2.%d", i).isPositive();
        }
        assertThat(allowed("198.51.100.1", 30)).isEqualTo(20);
    }

    @Test
    void manyThreadsTogetherGetWhatOneWould() throws Exception {
        AtomicInteger allowed = new AtomicInteger();
        int threads = 4;
        CountDownLatch done = new CountDownLatch(threads);
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> {
                allowed.addAndGet(allowed("192.0.2.7", 1000));
                done.countDown();
            });
            thread.start();
        }
        done.await();

        assertThat(allowed).hasValue(20);
    }

    private int allowed(String client, int requests) {
        int allowed = 0;
        for (int i = 0; i < requests; i++) {
            if (take(client) == 0) {
                allowed++;
            }
        }
        return allowed;
    }

    private long take(String client) {
        return limiter.take(TEN_A_SECOND, address(client), now);
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static InetAddress inet(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
