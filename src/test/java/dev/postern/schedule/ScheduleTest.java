package dev.postern.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.quartz.TriggerBuilder;
import org.quartz.TriggerKey;
import org.quartz.impl.matchers.GroupMatcher;

/** The real Quartz with the real clock: certificates that live for seconds. */
class ScheduleTest {
    @TempDir
    Path directory;

    private final CertificateTable table = new CertificateTable();
    private final ExecutorService orders = Executors.newCachedThreadPool();
    private final SecondsCa issuer = new SecondsCa();
    private Store store;

    /** Its certificates are due after two seconds. */
    private static final class SecondsCa implements CertificateIssuer {
        private final TestCa ca = TestCa.create();
        private final List<Instant> asked = new CopyOnWriteArrayList<>();

        @Override
        public String name() {
            return "seconds";
        }

        @Override
        public boolean mayCertify(Site site) {
            return true;
        }

        @Override
        public IssuedCertificate issue(CertificateRequest request, OrderJournal journal) {
            Instant now = Instant.now();
            asked.add(now);
            TestCa.Issued issued = ca.issue(request.names(), now, Duration.ofSeconds(4));
            return new IssuedCertificate(name(), issued.key(), issued.chain());
        }
    }

    @BeforeEach
    void open() throws IOException {
        store = FileStore.open(directory.resolve("certs"));
    }

    @AfterEach
    void close() {
        orders.shutdownNow();
        store.close();
    }

    /** Its certificates are good for weeks, by the right clock. */
    private static final class DaysCa implements CertificateIssuer {
        private final TestCa ca = TestCa.create();

        @Override
        public String name() {
            return "days";
        }

        @Override
        public boolean mayCertify(Site site) {
            return true;
        }

        @Override
        public IssuedCertificate issue(CertificateRequest request, OrderJournal journal) {
            TestCa.Issued issued = ca.issue(request.names(), Instant.now(), Duration.ofDays(90));
            return new IssuedCertificate(name(), issued.key(), issued.chain());
        }
    }

    private Renewals renewals() {
        return renewals(issuer, InstantSource.system());
    }

    private Renewals renewals(CertificateIssuer asked, InstantSource clock) {
        Renewals renewals = new Renewals(
                List.of(new Site(List.of("example.com"), List.of(), null)),
                KeyType.EC_P256,
                List.of(asked),
                Care.surroundings(store, table, clock, orders));
        assertThat(renewals.load().join()).isEmpty();
        return renewals;
    }

    private static Properties shipped() throws IOException {
        return Schedule.properties(Path.of("cron/quartz.properties"));
    }

    /** The sweep comes once a minute: only the trigger of the site can be so punctual. */
    @Test
    void siteIsWokenAtTheVeryInstantItIsDue() throws Exception {
        try (Renewals renewals = renewals();
                Schedule schedule = Schedule.prepare(shipped())) {
            Care.start(schedule, renewals, InstantSource.system());
            assertThat(schedule).isNotNull();
            await().atMost(Duration.ofSeconds(20)).until(() -> issuer.asked.size() >= 3);

            for (int i = 1; i < 3; i++) {
                assertThat(Duration.between(issuer.asked.get(i - 1), issuer.asked.get(i)))
                        .as("a half of four seconds, less the rounding of notBefore to seconds")
                        .isBetween(Duration.ofMillis(900), Duration.ofMillis(3000));
            }
            Certificate certificate = table.find("example.com");
            assertThat(certificate).isNotNull();
        }
    }

    @Test
    void sweepComesAsThePropertiesSay() throws Exception {
        Properties properties = shipped();
        properties.setProperty(Schedule.SWEEP, "* * * * * ?");
        try (Renewals renewals = renewals();
                Schedule schedule = Schedule.prepare(properties)) {
            Care.start(schedule, renewals, InstantSource.system());
            await().until(() -> table.find("example.com") != null);
            // Nobody asked for this: the sweep writes again what is missing... it only has to be called.
            schedule.at("example.com", Instant.MAX);
            int before = issuer.asked.size();

            await().atMost(Duration.ofSeconds(10)).until(() -> issuer.asked.size() > before);
        }
    }

    @Test
    void shippedPropertiesAreInTheProgramToo() throws Exception {
        assertThat(Schedule.properties(directory.resolve("missing.properties"))).isEqualTo(shipped());
        assertThat(shipped()).containsEntry(Schedule.SWEEP, "0 * * * * ?");
    }

    @Test
    void badExpressionIsNamed() throws Exception {
        Properties properties = shipped();
        properties.setProperty(Schedule.SWEEP, "every minute");

        assertThatThrownBy(() -> Schedule.prepare(properties))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "cron/quartz.properties: postern.sweep: \"every minute\" is not a cron expression");
    }

    @Test
    void propertyThatQuartzRefusesIsNamed() throws Exception {
        Properties properties = shipped();
        properties.setProperty("org.quartz.threadPool.threadCount", "abc");

        assertThatThrownBy(() -> Schedule.prepare(properties))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("cron/quartz.properties: ")
                .hasMessageContaining("threadCount");
    }

    @Test
    void misspeltPropertyIsNamedWithTheKnownOnes() throws Exception {
        Properties properties = shipped();
        properties.setProperty("postern.swep", "* * * * * ?");

        assertThatThrownBy(() -> Schedule.prepare(properties))
                .hasMessage("cron/quartz.properties: postern.swep: no such property; did you mean \"postern.sweep\"?");
    }

    @Test
    void propertyThatIsNothingLikeOursIsNamedWithTheKnownOnes() throws Exception {
        Properties properties = shipped();
        properties.setProperty("postern.vacuum-the-house", "* * * * * ?");

        assertThatThrownBy(() -> Schedule.prepare(properties))
                .hasMessage("cron/quartz.properties: postern.vacuum-the-house: no such property (known: postern.sweep,"
                        + " postern.suggested-windows, postern.clean-up, postern.self-check)");
    }

    @Test
    void expressionThatNeverComesAgainIsNamed() throws Exception {
        Properties properties = shipped();
        properties.setProperty("postern.clean-up", "0 0 0 1 1 ? 2020");

        assertThatThrownBy(() -> Schedule.prepare(properties))
                .hasMessage("cron/quartz.properties: postern.clean-up: \"0 0 0 1 1 ? 2020\" never comes again"
                        + " (expected: such as \"0 41 3 * * ?\", or off)");
    }

    @Test
    void everythingButTheSweepCanBeSwitchedOff() throws Exception {
        Properties properties = shipped();
        properties.setProperty("postern.suggested-windows", "off");
        properties.setProperty("postern.clean-up", "off");
        properties.setProperty("postern.self-check", " off ");
        try (Schedule schedule = Schedule.prepare(properties)) {
            assertThat(schedule.scheduler().getTriggerKeys(GroupMatcher.anyTriggerGroup()))
                    .containsExactly(TriggerKey.triggerKey("sweep"));
        }
        properties.setProperty("postern.sweep", "off");

        assertThatThrownBy(() -> Schedule.prepare(properties))
                .hasMessageStartingWith("cron/quartz.properties: postern.sweep: \"off\" is not possible");
    }

    @Test
    void everyWorkIsDescribedInTheFile() throws Exception {
        assertThat(shipped().stringPropertyNames())
                .contains("postern.sweep", "postern.suggested-windows", "postern.clean-up", "postern.self-check");
    }

    @Test
    void workIsDoneAsThePropertiesSay_andWhatFailsIsDoneAgain() throws Exception {
        Properties properties = shipped();
        properties.setProperty("postern.clean-up", "* * * * * ?");
        properties.setProperty("postern.self-check", "* * * * * ?");
        AtomicInteger cleaned = new AtomicInteger();
        AtomicInteger checked = new AtomicInteger();
        Map<ScheduledWork, Runnable> works = Map.of(
                ScheduledWork.CLEAN_UP,
                () -> {
                    cleaned.incrementAndGet();
                    throw new IllegalStateException("a full disk");
                },
                ScheduledWork.SELF_CHECK,
                checked::incrementAndGet);
        try (Renewals renewals = renewals(new DaysCa(), InstantSource.system());
                Schedule schedule = Schedule.prepare(properties)) {
            schedule.start(
                    renewals, Care.NOTHING_SERVED, InstantSource.system(), works, orders, new SplittableRandom(1));

            await().until(() -> cleaned.get() >= 2 && checked.get() >= 2);
        }
    }

    /** A work that hangs holds up neither the sweep nor itself twice. */
    @Test
    void workThatHangsIsBegunOnce_andTheSweepComesAllTheSame() throws Exception {
        Properties properties = shipped();
        properties.setProperty("postern.sweep", "* * * * * ?");
        properties.setProperty("postern.clean-up", "* * * * * ?");
        properties.setProperty("postern.self-check", "* * * * * ?");
        AtomicInteger begun = new AtomicInteger();
        AtomicInteger checked = new AtomicInteger();
        CountDownLatch end = new CountDownLatch(1);
        Runnable hangs = () -> {
            begun.incrementAndGet();
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        try (Renewals renewals = renewals();
                Schedule schedule = Schedule.prepare(properties)) {
            schedule.start(
                    renewals,
                    Care.NOTHING_SERVED,
                    InstantSource.system(),
                    Map.of(ScheduledWork.CLEAN_UP, hangs, ScheduledWork.SELF_CHECK, checked::incrementAndGet),
                    orders,
                    new SplittableRandom(1));

            await().until(() -> checked.get() >= 3);
            assertThat(begun).hasValue(1);
            assertThat(issuer.asked).isNotEmpty();
            end.countDown();
        }
    }

    /** Hundreds of thousands of Posterns have the same file: they must not all come at the full hour. */
    @Test
    void whatAsksACaIsPutOffByAPartOfItsPeriod() throws Exception {
        // Half a year from one to the next, whenever this runs: just before the full hour, of an hour is little left.
        Properties twiceAYear = shipped();
        int month =
                LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC).plusMonths(6).getMonthValue();
        twiceAYear.setProperty("postern.suggested-windows", "0 0 0 1 " + month + " ?");
        Set<Long> delays = new HashSet<>();
        for (int seed = 0; seed < 5; seed++) {
            try (Renewals renewals = renewals(new DaysCa(), InstantSource.system());
                    Schedule schedule = Schedule.prepare(twiceAYear)) {
                AtomicInteger asked = new AtomicInteger();
                schedule.start(
                        renewals,
                        Care.NOTHING_SERVED,
                        InstantSource.system(),
                        Map.of(ScheduledWork.SUGGESTED_WINDOWS, asked::incrementAndGet),
                        orders,
                        new SplittableRandom(seed));
                // As when the expression says so: by its own trigger.
                schedule.scheduler()
                        .rescheduleJob(
                                TriggerKey.triggerKey("suggested-windows"),
                                TriggerBuilder.newTrigger()
                                        .withIdentity("suggested-windows")
                                        .forJob("suggested-windows")
                                        .build());
                TriggerKey later = TriggerKey.triggerKey("suggested-windows", "later");
                await().until(() -> schedule.scheduler().getTrigger(later) != null);

                Instant at =
                        schedule.scheduler().getTrigger(later).getNextFireTime().toInstant();
                assertThat(at).isBefore(Instant.now().plus(Duration.ofHours(6)));
                delays.add(Duration.between(Instant.now(), at).toMinutes());
                assertThat(asked).hasValue(0);

                // The clock was years ahead when it was put off.
                schedule.scheduler()
                        .rescheduleJob(
                                later,
                                TriggerBuilder.newTrigger()
                                        .withIdentity(later)
                                        .forJob("suggested-windows")
                                        .startAt(Date.from(Instant.now().plus(Duration.ofDays(3653))))
                                        .build());
                schedule.tick();
                assertThat(schedule.scheduler().getTrigger(later)).isNull();

                schedule.scheduler()
                        .scheduleJob(TriggerBuilder.newTrigger()
                                .withIdentity(later)
                                .forJob("suggested-windows")
                                .build());
                await().until(() -> asked.get() == 1);
            }
        }
        assertThat(delays).as("minutes").hasSizeGreaterThanOrEqualTo(4);
    }

    /** The clock ten years ahead for a minute: what was withdrawn as expired then is served again when it is right. */
    @Test
    void careSurvivesAClockThatWasWrongForAWhile() throws Exception {
        HandClock clock = new HandClock(Instant.now());
        Properties properties = shipped();
        properties.setProperty(Schedule.SWEEP, "0 0 0 1 1 ? 2099");
        try (Renewals renewals = renewals(new DaysCa(), clock);
                Schedule schedule = Schedule.prepare(properties)) {
            Care.start(schedule, renewals, clock);
            await().until(() -> table.find("example.com") != null);

            Instant right = clock.instant();
            clock.advance(Duration.ofDays(3653));
            schedule.tick();
            await().until(() -> table.find("example.com") == null);

            clock.set(right);
            schedule.tick();
            await().until(() -> table.find("example.com") != null);
        }
    }

    /** The timer outlives the schedule by a moment when the daemon stops. */
    @Test
    void tickAfterTheEndSaysNothing() throws Exception {
        try (Renewals renewals = renewals();
                CapturedLog log = CapturedLog.begin()) {
            Schedule ended;
            try (Schedule schedule = Schedule.prepare(shipped())) {
                Care.start(schedule, renewals, InstantSource.system());
                ended = schedule;
            }

            ended.tick();

            assertThat(log.lines("ERROR")).isEmpty();
        }
    }

    /** Quartz worked out the next sweep while the clock was wrong, and nobody saw it. */
    @Test
    void sweepThatMovedYearsAwayIsBroughtBack() throws Exception {
        try (Renewals renewals = renewals();
                Schedule schedule = Schedule.prepare(shipped())) {
            Care.start(schedule, renewals, InstantSource.system());
            TriggerKey sweep = TriggerKey.triggerKey("sweep");
            schedule.scheduler()
                    .rescheduleJob(
                            sweep,
                            TriggerBuilder.newTrigger()
                                    .withIdentity(sweep)
                                    .forJob("sweep")
                                    .startAt(Date.from(Instant.now().plus(Duration.ofDays(3653))))
                                    .build());

            schedule.tick();

            assertThat(schedule.scheduler().getTrigger(sweep).getNextFireTime())
                    .isBefore(Instant.now().plusSeconds(61));
        }
    }

    @Test
    void unreadableFileIsNamed() throws Exception {
        Path file = Files.writeString(directory.resolve("q.properties"), "a = \\u00zz\n");

        assertThatThrownBy(() -> Schedule.properties(file)).hasMessageStartingWith(file + ": not readable: ");
    }
}
