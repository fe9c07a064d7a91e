package dev.postern.app;

import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.control.OneFile;
import dev.postern.control.ReloadControl;
import dev.postern.control.RunRecord;
import dev.postern.listener.GivenSockets;
import dev.postern.schedule.Schedule;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process that serves until it is told to stop, or cannot go on: then it ends with 70. */
public final class Daemon {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

    /** A start that is told to stop is let go on for so long, so that what it has begun can be ended in order. */
    private static final int LONGEST_START_SECONDS = 10;

    private Daemon() {}

    /**
     * Starts an edge and serves until TERM or INT; does not return, but for a failure to start.
     *
     * @param source read again at each HUP
     * @param pidFile where the number of the process is written, once it serves; null for nowhere
     * @param replaces whether the daemon that runs with the same configuration, where there is one, is to end once this one
     *     serves
     */
    public static void run(ConfigurationSource source, @Nullable Path pidFile, boolean replaces)
            throws CannotStart, ConfigurationProblems, InterruptedException {
        ProcessFiles.name("postern");
        Configuration config = replaces ? source.check() : source.read();
        BackgroundOutput log = BackgroundOutput.replaceStandardError();
        LastWords lastWords = LastWords.install(log);
        SystemdNotice notice = SystemdNotice.of(System.getenv());
        Reloads reloads = new Reloads(source::check, notice);
        if (!Signals.handle(Signals.HANG_UP, reloads::hangUp)) {
            LOG.warn("HUP is ignored by this process, as under nohup: postern reload reads the file again");
        }
        // Before anybody is told that we are ready: who hears it may stop us at once.
        CountDownLatch begun = new CountDownLatch(1);
        AtomicReference<AutoCloseable> running = new AtomicReference<>(() -> {});
        CompletableFuture<Void> stopping = new CompletableFuture<>();
        Successor successor = new Successor();
        AtomicReference<Succession> succession = new AtomicReference<>();
        Thread stop = atSignal(
                () -> {
                    if (!isOver(succession.get())) {
                        LOG.info("told to stop");
                    }
                    stopping.complete(null);
                    var unused = begun.await(LONGEST_START_SECONDS, TimeUnit.SECONDS);
                    running.get().close();
                },
                log);
        Predecessor predecessor = null;
        try {
            // Until there is something to do, they must not end us either.
            Signals.handle("USR1", () -> {});
            Signals.handle("USR2", () -> {});
            if (replaces) {
                predecessor =
                        Predecessor.ask(config, source.file(), System.getenv()).orElse(null);
            }
            Inheritance inheritance = predecessor == null ? ofSystemd() : predecessor.inheritance();
            Optional<Path> runFolder = RunRecord.folder(RunRecord.folders(System.getenv()));
            Edge edge = Edge.start(
                    config,
                    schedule(),
                    Clock.systemUTC(),
                    Ticker.systemTicker(),
                    new Hearing(
                            certificates -> {
                                ReloadControl others = new ReloadControl(reloads::now, certificates);
                                succession.set(new Succession(others, pid -> leave(notice, stop, pid)));
                                return new OneFile(source.file(), succession.get());
                            },
                            runFolder.orElse(null),
                            source.file(),
                            inheritance.replaces(),
                            stopping),
                    inheritance);
            tellUnused(inheritance);
            Signals.handle("USR1", edge::reopenLogs);
            Signals.handle("USR2", successor::start);
            AutoCloseable number = number(pidFile, edge);
            LoopWatch watch = LoopWatch.start(edge.watched(), notice.aliveEvery(), notice::alive, lastWords::end);
            running.set(() -> {
                watch.close();
                if (!isOver(succession.get())) {
                    notice.stopping();
                }
                reloads.close();
                edge.close();
                number.close();
                notice.close();
            });
            if (predecessor != null) {
                predecessor.dismiss();
            }
            notice.ready();
            reloads.start(edge);
            Succession asked = succession.get();
            if (asked != null) {
                asked.start(edge);
            }
            begun.countDown();
            forEver();
        } catch (CannotStart | RuntimeException | Error e) {
            // The exit code is that of the failure.
            leaveOut(stop);
            if (predecessor != null) {
                predecessor.forget();
            }
            throw e;
        } finally {
            begun.countDown();
            log.drain();
        }
    }

    private static Inheritance ofSystemd() throws CannotStart {
        try {
            return Inheritance.of(GivenSockets.ofSystemd(System.getenv()));
        } catch (IOException e) {
            throw new CannotStart(CannotStart.Reason.CONFIGURATION, e);
        }
    }

    private static void tellUnused(Inheritance inheritance) {
        if (inheritance.replaces()) {
            return;
        }
        for (GivenSockets.Given unused : inheritance.sockets().left()) {
            LOG.warn(
                    "LISTEN_FDS: {}{}: no listener of the configuration is bound there; whoever connects waits in vain"
                            + " (expected: the address of a listener{})",
                    NetUtil.toSocketAddressString(unused.address()),
                    unused.listener().isEmpty() ? "" : " (" + unused.listener() + ")",
                    unused.listener().isEmpty() ? "" : ", and its name or none");
        }
    }

    private static boolean isOver(@Nullable Succession succession) {
        return succession != null && succession.isOver();
    }

    /** Ends as TERM does. Returns at once: who has asked for it is to be answered. */
    private static void leave(SystemdNotice notice, Thread stop, long pid) {
        notice.replacedBy(pid);
        leaveOut(stop);
        stop.start();
    }

    private static AutoCloseable number(@Nullable Path pidFile, Edge edge) throws CannotStart {
        if (pidFile == null) {
            return () -> {};
        }
        try {
            return ProcessFiles.number(pidFile);
        } catch (CannotStart e) {
            edge.close();
            throw e;
        }
    }

    /**
     * Waits for TERM or INT, closes {@code running}, and ends the process with 0: stopping as told is no failure.
     *
     * @param tell says that it runs: whoever hears it may stop us at once
     */
    static void untilSignal(AutoCloseable running, Runnable tell, BackgroundOutput log) throws InterruptedException {
        var unused = atSignal(running, log);
        tell.run();
        forEver();
    }

    private static Thread atSignal(AutoCloseable running, BackgroundOutput log) {
        Thread stop = Threads.named("shutdown").newThread(() -> {
            int code = 0;
            try {
                running.close();
                log.drain();
            } catch (Exception e) {
                code = 70;
            }
            Runtime.getRuntime().halt(code);
        });
        Runtime.getRuntime().addShutdownHook(stop);
        return stop;
    }

    private static void leaveOut(Thread stop) {
        try {
            Runtime.getRuntime().removeShutdownHook(stop);
        } catch (IllegalStateException e) {
            // Somebody stops us already.
        }
    }

    private static void forEver() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    /** {@code cron/quartz.properties} of the installation, else the one that came with the program. */
    public static Properties schedule() throws CannotStart {
        try {
            return Schedule.properties(Path.of(System.getProperty("postern.home", "."), "cron", "quartz.properties"));
        } catch (IOException e) {
            throw new CannotStart(CannotStart.Reason.CONFIGURATION, e);
        }
    }
}
