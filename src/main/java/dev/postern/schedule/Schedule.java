package dev.postern.schedule;

import dev.postern.certificate.Renewals;
import dev.postern.certificate.WakeUps;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.quartz.CronExpression;
import org.quartz.CronScheduleBuilder;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobDetail;
import org.quartz.JobExecutionContext;
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
 * Wakes {@link Renewals}: each site at the instant it is due, and all of them every minute or as configured. All threads
 * are Quartz's own daemon threads.
 *
 * <p>Quartz goes by the clock of the host, and where that was wrong for a while, a trigger may have moved years away.
 * {@link #tick}, which goes by no clock at all, puts it back.
 */
public final class Schedule implements WakeUps, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Schedule.class);

    /** The property that says when all sites are looked after: a cron expression of Quartz, with seconds. */
    public static final String SWEEP = "postern.sweep";

    private static final String FILE = "cron/quartz.properties: ";
    private static final String EVERY_MINUTE = "0 * * * * ?";
    private static final AtomicInteger STARTED = new AtomicInteger();
    private static final JobKey WAKE_JOB = JobKey.jobKey("wake");
    private static final JobKey SWEEP_JOB = JobKey.jobKey("sweep");
    private static final JobKey CLOCK_JOB = JobKey.jobKey("clock");
    private static final TriggerKey SWEEP_TRIGGER = TriggerKey.triggerKey("sweep");

    /** How often {@link #tick} is to be called. */
    public static final Duration TICK = Duration.ofSeconds(10);

    /** A clock that is off by less was not set, but disciplined; and the sweep may be late by as much. */
    private static final Duration TOLERANCE = Duration.ofSeconds(5);

    private final Scheduler scheduler;
    private final String sweep;

    // Null until start. Used by the one thread that ticks.
    private volatile @Nullable ClockWatch clock;

    private Schedule(Scheduler scheduler, String sweep) {
        this.scheduler = scheduler;
        this.sweep = sweep;
    }

    /**
     * The properties in {@code file}, or, where there is no such file, those that came with Postern.
     *
     * @throws IOException one line that names the file and what is wrong
     */
    public static Properties properties(Path file) throws IOException {
        Properties properties = new Properties();
        if (Files.exists(file)) {
            try (Reader reader = Files.newBufferedReader(file)) {
                properties.load(reader);
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
        for (String key : new TreeSet<>(properties.stringPropertyNames())) {
            if (key.startsWith("postern.") && !key.equals(SWEEP)) {
                throw new IllegalArgumentException(FILE + key + ": no such property (known: " + SWEEP + ")");
            }
        }
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
        String sweep = complete.getProperty(SWEEP, EVERY_MINUTE).trim();
        Trigger trigger = sweepTrigger(sweep);
        try {
            StdSchedulerFactory factory = new StdSchedulerFactory();
            factory.initialize(complete);
            Scheduler scheduler = factory.getScheduler();
            try {
                scheduler.addJob(job(WAKE_JOB), true);
                scheduler.addJob(job(CLOCK_JOB), true);
                scheduler.scheduleJob(job(SWEEP_JOB), trigger);
                return new Schedule(scheduler, sweep);
            } catch (SchedulerException | RuntimeException e) {
                scheduler.shutdown(false);
                throw e;
            }
        } catch (SchedulerException | RuntimeException e) {
            throw new IllegalArgumentException(FILE + reason(e), e);
        }
    }

    private static String reason(Exception e) {
        Throwable cause = e.getCause();
        return cause == null
                        || cause.getMessage() == null
                        || String.valueOf(e.getMessage()).contains(cause.getMessage())
                ? String.valueOf(e.getMessage())
                : e.getMessage() + ": " + cause.getMessage();
    }

    /** Starts the clock and, through {@link Renewals#start}, the care of the certificates. */
    public void start(Renewals renewals, InstantSource time) {
        try {
            scheduler.setJobFactory((bundle, from) -> new Wake(renewals));
            clock = new ClockWatch(time);
            scheduler.start();
        } catch (SchedulerException e) {
            throw new IllegalStateException(FILE + reason(e), e);
        }
        renewals.start(this);
    }

    /**
     * Called every {@link #TICK} by a timer that does not go by the clock of the host: where that was set, or the sweep
     * is further away than its expression says, all triggers are made anew. Quick, and never fails.
     */
    public void tick() {
        ClockWatch watch = clock;
        if (watch == null) {
            return;
        }
        try {
            boolean set = watch.wasSet(TOLERANCE);
            if (set || sweepIsAstray(watch.now())) {
                LOG.warn(
                        "the clock of this host was set; all certificates are looked at, and their triggers made anew");
                Trigger trigger = sweepTrigger(sweep);
                if (scheduler.rescheduleJob(SWEEP_TRIGGER, trigger) == null) {
                    scheduler.scheduleJob(trigger);
                }
                scheduler.triggerJob(CLOCK_JOB);
            }
        } catch (SchedulerException | RuntimeException e) {
            LOG.error("looking at the clock: {}; done again in {} s", e.toString(), TICK.toSeconds(), e);
        }
    }

    @SuppressWarnings("JavaUtilDate") // Quartz knows no other.
    private boolean sweepIsAstray(Instant now) throws SchedulerException {
        Trigger trigger = scheduler.getTrigger(SWEEP_TRIGGER);
        Date expected = next(sweep, now);
        if (expected == null) {
            return false;
        }
        Date next = trigger == null ? null : trigger.getNextFireTime();
        return next == null || next.getTime() > expected.getTime() + TOLERANCE.toMillis();
    }

    /** When the sweep is due next; null where never again. */
    @SuppressWarnings("JavaUtilDate") // Quartz knows no other.
    private static @Nullable Date next(String expression, Instant now) {
        try {
            return new CronExpression(expression).getNextValidTimeAfter(Date.from(now));
        } catch (ParseException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JobDetail job(JobKey key) {
        return JobBuilder.newJob(Wake.class).withIdentity(key).storeDurably().build();
    }

    private static Trigger sweepTrigger(String expression) {
        try {
            return TriggerBuilder.newTrigger()
                    .withIdentity(SWEEP_TRIGGER)
                    .forJob(SWEEP_JOB)
                    .withSchedule(
                            CronScheduleBuilder.cronSchedule(expression).withMisfireHandlingInstructionDoNothing())
                    .build();
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    FILE + SWEEP + ": \"" + expression + "\" is not a cron expression of Quartz (expected: such as \""
                            + EVERY_MINUTE + "\")",
                    e);
        }
    }

    /** For the tests. */
    Scheduler scheduler() {
        return scheduler;
    }

    @Override
    public void at(String site, Instant when) {
        TriggerKey key = TriggerKey.triggerKey(site, "wake");
        Trigger trigger = TriggerBuilder.newTrigger()
                .withIdentity(key)
                .forJob(WAKE_JOB)
                .startAt(date(when))
                .withSchedule(SimpleScheduleBuilder.simpleSchedule().withMisfireHandlingInstructionFireNow())
                .build();
        try {
            // Null where there is none to replace: the first wish of a site, or the last one fired meanwhile.
            if (scheduler.rescheduleJob(key, trigger) == null) {
                scheduler.scheduleJob(trigger);
            }
        } catch (SchedulerException e) {
            LOG.debug("{}: no trigger at {}; the next sweep does it", site, when, e);
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
        try {
            scheduler.shutdown(false);
        } catch (SchedulerException e) {
            LOG.warn("the scheduler did not stop: {}; its threads end with the process", e.getMessage());
        }
    }

    /** What a trigger does. */
    static final class Wake implements Job {
        private final Renewals renewals;

        Wake(Renewals renewals) {
            this.renewals = renewals;
        }

        @Override
        public void execute(JobExecutionContext context) {
            try {
                JobKey key = context.getJobDetail().getKey();
                if (key.equals(SWEEP_JOB)) {
                    renewals.sweep();
                } else if (key.equals(CLOCK_JOB)) {
                    renewals.clockWasSet();
                } else {
                    renewals.wake(context.getTrigger().getKey().getName());
                }
            } catch (RuntimeException e) {
                LOG.error("looking after the certificates: {}; done again with the next sweep", e.toString(), e);
            }
        }
    }
}
