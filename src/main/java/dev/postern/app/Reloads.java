package dev.postern.app;

import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationChange;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.control.ControlFailure;
import dev.postern.control.ReloadControl;
import dev.postern.machine.MachineErrors;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration again, when a signal or an operator says so and never by itself, and tells what came of it. One
 * at a time; signals that come while one waits for its turn are one. Any thread.
 */
final class Reloads implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reloads.class);

    private final Reading reading;
    private final SystemdNotice notice;
    private final ExecutorService thread = Threads.fixed(1, "reload");
    private final AtomicBoolean waiting = new AtomicBoolean();
    private final CountDownLatch started = new CountDownLatch(1);
    // Null until there is something to reload; read by any thread.
    private volatile @Nullable Edge edge;

    /** What is to be in force, read now. */
    interface Reading {
        Configuration read() throws ConfigurationProblems;
    }

    Reloads(Reading reading, SystemdNotice notice) {
        this.reading = reading;
        this.notice = notice;
    }

    /** There is something to reload; signals that came before are heeded now. */
    void start(Edge running) {
        edge = running;
        started.countDown();
    }

    /** A signal; returns at once. */
    void hangUp() {
        if (waiting.compareAndSet(false, true)) {
            try {
                thread.execute(this::heed);
            } catch (RejectedExecutionException e) {
                LOG.debug("stopping; the signal is not heeded", e);
            }
        }
    }

    private void heed() {
        try {
            started.await();
            // From here on another signal means another look at the file.
            waiting.set(false);
            if (!thread.isShutdown()) {
                var unused = now();
            }
        } catch (InterruptedException e) {
            LOG.debug("stopping; the signal is not heeded", e);
        } catch (ControlFailure e) {
            LOG.debug("told already", e);
        } catch (RuntimeException e) {
            LOG.error("reload: bug; the configuration before stays in force", e);
        }
    }

    /** Blocks until what was read is in force, or not. */
    synchronized ReloadControl.Done now() throws ControlFailure {
        Edge running = edge;
        if (running == null) {
            throw ControlFailure.unavailable("starting; try again in a moment");
        }
        notice.reloading();
        try {
            ConfigurationChange change = running.reload(read());
            tell(change);
            return new ReloadControl.Done(change.lines(), change.afterRestart());
        } catch (ConfigurationProblems e) {
            refuse(e.lines());
            throw ControlFailure.configuration(e.lines());
        } catch (CannotStart e) {
            refuse(e.lines());
            throw e.reason() == CannotStart.Reason.CONFIGURATION
                    ? ControlFailure.configuration(e.lines())
                    : ControlFailure.unavailable(String.join("\n", e.lines()));
        } finally {
            notice.ready();
        }
    }

    /** Nothing has changed yet: a bug, or a stack that does not suffice, is no reason to stop serving what is served. */
    private Configuration read() throws ConfigurationProblems, ControlFailure {
        try {
            return reading.read();
        } catch (RuntimeException | Error e) {
            if (MachineErrors.isOfMemory(e)) {
                throw e;
            }
            String bug = CannotStart.bug(e);
            refuse(List.of(bug));
            throw ControlFailure.bug(bug + "; not reloaded");
        }
    }

    private static void tell(ConfigurationChange change) {
        LOG.info("reload: {}", change.lines().isEmpty() ? "nothing changed" : String.join("; ", change.lines()));
        if (!change.afterRestart().isEmpty()) {
            LOG.warn("reload: {}: takes effect with a restart only", String.join("; ", change.afterRestart()));
        }
    }

    private void refuse(List<String> problems) {
        problems.forEach(problem -> LOG.error("reload: {}", problem));
        Edge running = edge;
        if (running != null) {
            running.reloadRefused(problems);
        }
        LOG.error("reload: not done; the configuration before stays in force");
    }

    /** Heeds no more signals. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
