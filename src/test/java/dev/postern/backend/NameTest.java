package dev.postern.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.backend.Resolver.Family;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a name is asked for, by a clock that is moved by hand. */
class NameTest {
    private final EmbeddedChannel time = new EmbeddedChannel();
    private final Dns dns = new Dns();
    private final Names names = new Names(
            time.eventLoop(), new HostsFile(Path.of("/nonexistent/hosts")), dns, List.of(Family.values()), moved -> {});
    private final Name name = names.of("app.test");

    /** Answers when the test says so. */
    private static final class Dns implements Resolver {
        private final Map<Family, Consumer<DnsAnswer>> asked = new EnumMap<>(Family.class);
        private int questions;

        @Override
        public void ask(String host, Family family, Consumer<DnsAnswer> answered) {
            asked.put(family, answered);
            questions += family == Family.IPV4 ? 1 : 0;
        }

        void says(Family family, DnsAnswer answer) {
            Objects.requireNonNull(asked.get(family), family.name()).accept(answer);
        }

        void says(int ttl, String... addresses) {
            says(Family.IPV4, found(ttl, addresses));
            says(Family.IPV6, new DnsAnswer.None("no address"));
        }

        void saysOfBoth(DnsAnswer answer) {
            says(Family.IPV4, answer);
            says(Family.IPV6, answer);
        }

        @Override
        public void close() {}
    }

    private static DnsAnswer found(int ttl, String... addresses) {
        return new DnsAnswer.Found(
                Arrays.stream(addresses).map(NameTest::address).toList(), Duration.ofSeconds(ttl));
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (java.net.UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void stopTheClock() {
        time.freezeTime();
    }

    @AfterEach
    void close() {
        time.finishAndReleaseAll();
    }

    private void pass(long millis) {
        time.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        time.runPendingTasks();
    }

    private AtomicInteger doubted(int times) {
        AtomicInteger answered = new AtomicInteger();
        for (int i = 0; i < times; i++) {
            name.doubt(answered::incrementAndGet);
        }
        time.runPendingTasks();
        return answered;
    }

    private void follow() {
        names.follow(List.of(name));
        time.runPendingTasks();
    }

    private List<String> addresses() {
        return name.addresses().stream().map(InetAddress::getHostAddress).toList();
    }

    /** Some DNS servers have never heard of IPv6, and say nothing to it; the answer for the other family is what counts. */
    @Test
    void familyThatIsNotAnsweredDelaysTheOtherByAMomentOnly() {
        AtomicInteger answered = doubted(1);
        dns.says(Family.IPV4, found(60, "192.0.2.1"));
        pass(49);
        assertThat(answered).hasValue(0);

        pass(1);

        assertThat(answered).hasValue(1);
        assertThat(addresses()).containsExactly("192.0.2.1");
        dns.says(Family.IPV6, found(60, "2001:db8::1"));
        assertThat(addresses()).containsExactly("192.0.2.1", "2001:db8:0:0:0:0:0:1");
    }

    @Test
    void doubtsOfAllTogetherAreOneQuestion() {
        AtomicInteger answered = doubted(200);

        assertThat(dns.questions).isEqualTo(1);
        assertThat(answered).hasValue(0);
        dns.says(3600, "192.0.2.1");
        assertThat(answered).hasValue(200);
    }

    /** However long its TTL: who was refused there knows better. */
    @Test
    void doubtAsksAtOnceButForAnAnswerOfLessThanASecondAgo() {
        var unused = doubted(1);
        dns.says(3600, "192.0.2.1");

        pass(999);
        assertThat(doubted(1)).hasValue(1);
        assertThat(dns.questions).isEqualTo(1);

        pass(1);
        AtomicInteger answered = doubted(1);
        assertThat(dns.questions).isEqualTo(2);
        dns.says(3600, "192.0.2.2");
        assertThat(answered).hasValue(1);
        assertThat(addresses()).containsExactly("192.0.2.2");
    }

    @Test
    void doubtsUnderAServerThatSaysNothingAreOneQuestionASecond() {
        for (int i = 0; i < 10; i++) {
            var unused = doubted(20);
            dns.saysOfBoth(new DnsAnswer.Failed("silence"));
            for (int tenth = 0; tenth < 9; tenth++) {
                pass(100);
                assertThat(doubted(20)).hasValue(20);
            }
            pass(100);
        }
        assertThat(dns.questions).isEqualTo(10);
    }

    /** A TTL of 0 is no reason to ask all the time, nor a long one to miss a server that comes. */
    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "5, 5", "10, 10", "3600, 10"})
    void answerThatEndsIsAskedForAnew(int ttl, int seconds) {
        follow();
        for (int i = 1; i <= 3; i++) {
            assertThat(dns.questions).isEqualTo(i);
            dns.says(ttl, "192.0.2.1");
            pass(TimeUnit.SECONDS.toMillis(seconds) - 1);
            assertThat(dns.questions).isEqualTo(i);
            pass(1);
        }
    }

    @Test
    void whatFailsIsAskedForAgainLaterEachTime() {
        follow();
        List<Integer> asked = new ArrayList<>();
        for (int second = 0; second <= 20; second++) {
            if (dns.questions > asked.size()) {
                asked.add(second);
                dns.saysOfBoth(new DnsAnswer.Failed("SERVFAIL"));
            }
            pass(1000);
        }
        assertThat(asked).containsExactly(0, 1, 3, 6, 10, 15, 20);
    }

    /** As in HAProxy: half a minute, then another may have the address. What only fails is no reason to believe that. */
    @Test
    void nameThatStaysAwayIsNowhereAfterHalfAMinute() {
        follow();
        dns.says(1, "192.0.2.1");
        pass(1000);
        int gone = 0;
        while (!addresses().isEmpty()) {
            dns.saysOfBoth(new DnsAnswer.None("no such name"));
            if (addresses().isEmpty()) {
                break;
            }
            int before = dns.questions;
            while (dns.questions == before) {
                pass(1000);
                gone++;
            }
        }
        // The first question from half a minute on.
        assertThat(gone).isEqualTo(30);
    }

    @Test
    void nameThatOnlyFailsStaysWhereItWas() {
        follow();
        dns.says(1, "192.0.2.1");
        for (int minute = 0; minute < 60; minute++) {
            pass(TimeUnit.MINUTES.toMillis(1));
            dns.saysOfBoth(new DnsAnswer.Failed("SERVFAIL"));
        }
        assertThat(addresses()).containsExactly("192.0.2.1");
    }

    @Test
    void answerOfADnsServerThatIsNotAskedAnyMoreComesTooLate() {
        follow();
        Map<Family, Consumer<DnsAnswer>> before = new EnumMap<>(dns.asked);
        Dns next = new Dns();
        names.resolver(next);
        time.runPendingTasks();
        next.says(60, "192.0.2.2");

        before.values().forEach(answered -> answered.accept(found(60, "192.0.2.1")));

        assertThat(addresses()).containsExactly("192.0.2.2");
    }
}
