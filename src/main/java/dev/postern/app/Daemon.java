package dev.postern.app;

import dev.postern.config.Configuration;
import dev.postern.schedule.Schedule;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process that serves until it is told to stop. */
public final class Daemon {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

    private Daemon() {}

    /** Starts an edge and serves until TERM or INT; does not return, but for a failure to start. */
    public static void run(Configuration config) throws CannotStart, InterruptedException {
        BackgroundOutput log = BackgroundOutput.replaceStandardError();
        Signals.handle("HUP", () -> LOG.warn("HUP: configuration is not re-read yet; restart to apply it"));
        try {
            // Until there is something to do, it must not end us either.
            Signals.handle("USR1", () -> {});
            Edge edge = Edge.start(config, schedule(), Clock.systemUTC());
            Signals.handle("USR1", edge::reopenLogs);
            untilSignal(edge, log);
        } finally {
            log.drain();
        }
    }

    /** Waits for TERM or INT, closes {@code running}, and ends the process with 0: stopping as told is no failure. */
    static void untilSignal(AutoCloseable running, BackgroundOutput log) throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(Threads.named("shutdown").newThread(() -> {
            int code = 0;
            try {
                running.close();
                log.drain();
            } catch (Exception e) {
                code = 70;
            }
            Runtime.getRuntime().halt(code);
        }));
        new CountDownLatch(1).await();
    }

    /** {@code cron/quartz.properties} of the installation, else the one that came with the program. */
    static Properties schedule() throws CannotStart {
        try {
            return Schedule.properties(Path.of(System.getProperty("postern.home", "."), "cron", "quartz.properties"));
        } catch (IOException e) {
            throw new CannotStart(CannotStart.Reason.CONFIGURATION, e);
        }
    }
}
