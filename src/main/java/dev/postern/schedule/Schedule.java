package dev.postern.schedule;

import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.care.WakeUps;
import dev.postern.certificate.served.ServedCertificates;
import dev.postern.config.RegularFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.quartz.CronScheduleBuilder;
import org.quartz.JobBuilder;
import org.quartz.JobDetail;
import org.quartz.JobKey;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.SimpleScheduleBuilder;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.TriggerKey;
import org.quartz.impl.StdSchedulerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes {@link Renewals}: each site at the instant it is due, all of them every minute or as configured; and has the
 * other {@link ScheduledWork} done. Triggers fire on Quartz's own daemon threads; work that may take long runs on the
 * executor that was given, so that it never keeps the sweep waiting.
 *
 * <p>Quartz goes by the clock of the host, and where that was wrong for a while, a trigger may have moved years away.
 * {@link #tick}, which goes by no clock at all, puts it back.
 */
public final class Schedule implements WakeUps, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Schedule.class);

    /** The property that says when all sites are looked after: a cron expression of Quartz, with seconds. */
    public static final String SWEEP = ScheduledWork.SWEEP.property();

    /** How often {@link #tick} is to be called. */
    public static final Duration TICK = Duration.ofSeconds(10);

    static final String FILE = "cron/quartz.properties: ";
    static final JobKey WAKE_JOB = JobKey.jobKey("wake");
    static final JobKey CLOCK_JOB = JobKey.jobKey("clock");
    private static final JobKey ALIVE_JOB = JobKey.jobKey("alive");

    /** Of the triggers that wake sites, and of those that put off what asks a CA; those by expression have none. */
    private static final String WAKE_GROUP = "wake";

    private static final String LATER_GROUP = "later";

    /** A clock that is off by less was not set, but disciplined; and a trigger may be late by as much. */
    private static final Duration TOLERANCE = Duration.ofSeconds(5);

    /** Work is put off by no more: a process that is restarted every night must come to it, too. */
    private static final Duration LONGEST_DELAY = Duration.ofHours(6);

    private static final AtomicInteger STARTED = new AtomicInteger();

    private final Scheduler scheduler;
    private final CronTable table;

    // Null until start. Used by the one thread that ticks.
    private volatile @Nullable ClockWatch clock;
    // Whoever ticks may be about to when, or after, it ends.
    private volatile boolean closed;
    // Null until start.
    private volatile @Nullable Thread thread;
    // Whoever asked last whether anything is done in time.
    private volatile Runnable asked = () -> {};

    private Schedule(Scheduler scheduler, CronTable table) {
        this.scheduler = scheduler;
        this.table = table;
    }

    /**
     * The properties in {@code file}, or, where there is no such file, those that came with Postern.
     *
     * @throws IOException one line that names the file and what is wrong
     */
    public static Properties properties(Path file) throws IOException {
        Properties properties = new Properties();
        if (Files.exists(file)) {
            try {
                properties.load(new StringReader(RegularFile.text(file, RegularFile.PEM_BYTES)));
            } catch (IOException | IllegalArgumentException e) {
                throw new IOException(file + ": not readable: " + e.getMessage(), e);
            }
            return properties;
        }
        try (InputStream in = Schedule.class.getResourceAsStream("/cron/quartz.properties")) {
            if (in == null) {
                throw new IOException("cron/quartz.properties: missing beside the program and inside it");
            }
            properties.load(in);
        }
        return properties;
    }

    /**
     * Checks the properties and makes the scheduler; nothing runs yet.
     *
     * @throws IllegalArgumentException one line that names the property and what is wrong with it
     */
    public static Schedule prepare(Properties properties) {
        try {
            CronTable table = CronTable.of(properties);
            StdSchedulerFactory factory = new StdSchedulerFactory();
            factory.initialize(complete(properties));
            Scheduler scheduler = factory.getScheduler();
            try {
                scheduler.addJob(job(WAKE_JOB), true);
                scheduler.addJob(job(CLOCK_JOB), true);
                scheduler.addJob(job(ALIVE_JOB), true);
                for (ScheduledWork work : table.works()) {
                    scheduler.scheduleJob(job(jobKey(work)), trigger(work, table));
                }
                return new Schedule(scheduler, table);
            } catch (SchedulerException | RuntimeException e) {
                scheduler.shutdown(false);
                throw e;
            }
        } catch (SchedulerException | RuntimeException e) {
            throw new IllegalArgumentException(FILE + reason(e), e);
        }
    }

    private static Properties complete(Properties properties) {
        Properties complete = new Properties();
        complete.putAll(properties);
        // Quartz hands out a running scheduler of the same name instead of a new one; each of ours is its own.
        String name = complete.getProperty(StdSchedulerFactory.PROP_SCHED_INSTANCE_NAME, "postern");
        int count = STARTED.incrementAndGet();
        complete.setProperty(StdSchedulerFactory.PROP_SCHED_INSTANCE_NAME, count == 1 ? name : name + "-" + count);
        complete.putIfAbsent(StdSchedulerFactory.PROP_THREAD_POOL_CLASS, "org.quartz.simpl.SimpleThreadPool");
        complete.putIfAbsent("org.quartz.threadPool.threadCount", "2");
        complete.putIfAbsent("org.quartz.threadPool.makeThreadsDaemons", "true");
        complete.putIfAbsent(StdSchedulerFactory.PROP_SCHED_MAKE_SCHEDULER_THREAD_DAEMON, "true");
        return complete;
    }

    private static String reason(Exception e) {
        Throwable cause = e.getCause();
        return cause == null
                        || cause.getMessage() == null
                        || String.valueOf(e.getMessage()).contains(cause.getMessage())
                ? String.valueOf(e.getMessage())
                : e.getMessage() + ": " + cause.getMessage();
    }

    /**
     * Starts the clock and, through {@link Renewals#start}, the care of the certificates.
     *
     * @param works what to do beside the sweep; runs on {@code executor}, and may throw. Work that still runs when its
     *     time comes again is not begun a second time
     * @param random by how much what asks a CA is put off, each time by the same part of its period
     */
    public void start(
            Renewals renewals,
            ServedCertificates served,
            InstantSource time,
            Map<ScheduledWork, Runnable> works,
            Executor executor,
            RandomGenerator random) {
        Wake wake = new Wake(renewals, new ScheduledRuns(works, executor), putOff(time, random.nextDouble()));
        try {
            scheduler.setJobFactory(
                    (bundle, from) -> bundle.getJobDetail().getKey().equals(ALIVE_JOB) ? context -> asked.run() : wake);
            clock = new ClockWatch(time);
            scheduler.start();
            thread = threadOf(scheduler);
        } catch (SchedulerException e) {
            throw new IllegalStateException(FILE + reason(e), e);
        }
        renewals.start(this, served);
    }

    private static @Nullable Thread threadOf(Scheduler scheduler) throws SchedulerException {
        String name = scheduler.getSchedulerName() + "_QuartzSchedulerThread";
        return Thread.getAllStackTraces().keySet().stream()
                .filter(one -> one.getName().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** The one that begins all work; null before the start. */
    public @Nullable Thread thread() {
        return thread;
    }

    public String threadName() {
        Thread current = thread;
        return current == null ? "scheduler" : current.getName();
    }

    /** Has {@code answer} run like any work that is due now: it is, as long as anything is. */
    public void ask(Runnable answer) {
        asked = answer;
        try {
            scheduler.triggerJob(ALIVE_JOB);
        } catch (SchedulerException e) {
            LOG.debug("no answer: {}", e.toString());
        }
    }

    /**
     * Puts work off by {@code part} of its period: that of this process, so that the work goes on at equal intervals,
     * while all the hosts in the world with the same expression do not come to a CA in the same second.
     */
    private Wake.Later putOff(InstantSource time, double part) {
        return work -> {
            Instant now = time.instant();
            Duration period = table.period(work, now);
            Duration longest = period.compareTo(LONGEST_DELAY) < 0 ? period : LONGEST_DELAY;
            once(TriggerKey.triggerKey(work.word(), LATER_GROUP), jobKey(work), now.plusMillis((long)
                    (part * longest.toMillis())));
        };
    }

    /**
     * Called every {@link #TICK} by a timer that does not go by the clock of the host: where that was set, or a trigger
     * is further away than its expression says, all triggers are made anew. Quick, and never fails.
     */
    public void tick() {
        ClockWatch watch = clock;
        if (watch == null || closed) {
            return;
        }
        try {
            boolean set = watch.wasSet(TOLERANCE);
            if (set || isAnyAstray(watch.now())) {
                LOG.warn(
                        "the clock of this host was set; all certificates are looked at, and their triggers made anew");
                for (ScheduledWork work : table.works()) {
                    replace(trigger(work, table));
                    bringBack(work, watch.now());
                }
                scheduler.triggerJob(CLOCK_JOB);
            }
        } catch (SchedulerException | RuntimeException e) {
            if (!closed) {
                LOG.error("looking at the clock: {}; done again in {} s", e.toString(), TICK.toSeconds(), e);
            }
        }
    }

    private boolean isAnyAstray(Instant now) throws SchedulerException {
        for (ScheduledWork work : table.works()) {
            Instant expected = table.next(work, now);
            Instant next = nextOf(triggerKey(work));
            if (expected != null && (next == null || next.isAfter(expected.plus(TOLERANCE)))) {
                return true;
            }
        }
        return false;
    }

    /** What was put off by the wrong clock may be years away. */
    private void bringBack(ScheduledWork work, Instant now) throws SchedulerException {
        TriggerKey later = TriggerKey.triggerKey(work.word(), LATER_GROUP);
        Instant next = nextOf(later);
        if (next != null && next.isAfter(now.plus(LONGEST_DELAY))) {
            scheduler.unscheduleJob(later);
        }
    }

    @SuppressWarnings("JavaUtilDate") // Quartz knows no other.
    private @Nullable Instant nextOf(TriggerKey key) throws SchedulerException {
        Trigger trigger = scheduler.getTrigger(key);
        Date next = trigger == null ? null : trigger.getNextFireTime();
        return next == null ? null : next.toInstant();
    }

    private static JobDetail job(JobKey key) {
        return JobBuilder.newJob(Wake.class).withIdentity(key).storeDurably().build();
    }

    private static JobKey jobKey(ScheduledWork work) {
        return JobKey.jobKey(work.word());
    }

    private static TriggerKey triggerKey(ScheduledWork work) {
        return TriggerKey.triggerKey(work.word());
    }

    private static Trigger trigger(ScheduledWork work, CronTable table) {
        return TriggerBuilder.newTrigger()
                .withIdentity(triggerKey(work))
                .forJob(jobKey(work))
                .withSchedule(CronScheduleBuilder.cronSchedule(table.expression(work))
                        .withMisfireHandlingInstructionDoNothing())
                .build();
    }

    /** For the tests. */
    Scheduler scheduler() {
        return scheduler;
    }

    @Override
    public void at(String site, Instant when) {
        once(TriggerKey.triggerKey(site, WAKE_GROUP), WAKE_JOB, when);
    }

    private void once(TriggerKey key, JobKey job, Instant when) {
        try {
            replace(TriggerBuilder.newTrigger()
                    .withIdentity(key)
                    .forJob(job)
                    .startAt(date(when))
                    .withSchedule(SimpleScheduleBuilder.simpleSchedule().withMisfireHandlingInstructionFireNow())
                    .build());
        } catch (SchedulerException e) {
            LOG.debug("{}: no trigger at {}; the next sweep does it", key, when, e);
        }
    }

    private void replace(Trigger trigger) throws SchedulerException {
        // Null where there is none to replace: the first one of its key, or the last one fired meanwhile.
        if (scheduler.rescheduleJob(trigger.getKey(), trigger) == null) {
            scheduler.scheduleJob(trigger);
        }
    }

    /** Quartz counts in milliseconds and fires up to two of them early, when nothing would be due yet. */
    @SuppressWarnings("JavaUtilDate") // Quartz knows no other.
    private static Date date(Instant when) {
        try {
            return Date.from(when.plusMillis(3));
        } catch (IllegalArgumentException | DateTimeException e) {
            // Beyond what Quartz can count to: never.
            return new Date(Long.MAX_VALUE);
        }
    }

    /** Wakes nobody any more; does not wait for those awake. */
    @Override
    public void close() {
        closed = true;
        try {
            scheduler.shutdown(false);
        } catch (SchedulerException e) {
            LOG.warn("the scheduler did not stop: {}; its threads end with the process", e.getMessage());
        }
    }
}
