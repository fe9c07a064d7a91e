package dev.postern.app;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.gson.JsonObject;
import dev.postern.config.Durations;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How this process is replaced by another one without anybody noticing, {@code postern run --replace}. The other one asks
 * over the control socket, twice:
 *
 * <ol>
 *   <li>{@code replace}, once it has read its configuration: it is sent the listening sockets ({@link
 *       dev.postern.listener.DescriptorInbox}) and told the keys of session tickets, and from then on the store is its own.
 *       We go on serving from what is in memory, and order nothing.
 *   <li>{@code replaced}, once it serves: we accept no more, drain, and end.
 * </ol>
 *
 * <p>Where it ends between the two, for whatever reason, everything is as it was before; and so it is where it has not
 * opened the store after a while, be it that it hangs or that it is no Postern at all. Any thread.
 */
final class Succession implements ControlCommands {
    private static final Logger LOG = LoggerFactory.getLogger(Succession.class);

    /** How long to wait with another try where the store cannot be had back. */
    private static final long AGAIN_SECONDS = 10;

    /** Until a store that was handed over is open there: it is what a process does first, in seconds. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final ControlCommands others;
    private final LongConsumer leave;
    private final Duration patience;

    @GuardedBy("this") private @Nullable Edge edge;

    /** Of the process that was handed everything and may say that it serves; null for none. */
    @GuardedBy("this") private @Nullable Long successor;

    /** It has let the store lie, which is ours again: somebody else may be handed everything. */
    @GuardedBy("this") private boolean isLate;

    @GuardedBy("this") private boolean over;

    /**
     * @param others does all other commands
     * @param leave lets this process stop, for the one of that number serves
     */
    Succession(ControlCommands others, LongConsumer leave) {
        this(others, leave, PATIENCE);
    }

    /** @param patience how long the store may lie, handed over and not opened */
    Succession(ControlCommands others, LongConsumer leave, Duration patience) {
        this.others = others;
        this.leave = leave;
        this.patience = patience;
    }

    /** There is something to hand over. */
    synchronized void start(Edge running) {
        edge = running;
    }

    /** Whether another process serves in place of this one. */
    synchronized boolean isOver() {
        return over;
    }

    @Override
    public JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure, InterruptedException {
        return switch (ControlRequest.text(request, "command", "")) {
            case "replace" -> handOver(pid(request), ControlRequest.text(request, "inbox", ""));
            case "replaced" -> leave(pid(request));
            default -> others.run(request, progress);
        };
    }

    private static long pid(JsonObject request) throws ControlFailure {
        String pid = ControlRequest.text(request, "process", "");
        if (!pid.matches("[1-9][0-9]{0,9}")) {
            throw ControlFailure.usage(
                    "process: \"" + pid + "\" (expected: the number of the process that replaces this one)");
        }
        return Long.parseLong(pid);
    }

    private synchronized JsonObject handOver(long pid, String inbox) throws ControlFailure {
        if (pid == ProcessHandle.current().pid()) {
            throw ControlFailure.usage("process: " + pid + " is this one (expected: the one that replaces it)");
        }
        Edge running = edge;
        if (running == null || over) {
            throw ControlFailure.unavailable(over ? "replaced already" : "starting; try again in a moment");
        }
        if (successor != null && !isLate) {
            throw ControlFailure.unavailable(
                    "process " + successor + " is about to replace this one; try again when it has");
        }
        ProcessHandle process = ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .orElseThrow(() -> ControlFailure.unavailable(
                        "process " + pid + " cannot be seen from here (expected: one in the same PID namespace)"));
        JsonObject estate = running.handOver(inbox);
        successor = pid;
        isLate = false;
        LOG.info("process {} is about to replace this one, and has the certificate store until then", pid);
        var unused = process.onExit().thenRun(() -> ended(pid));
        CompletableFuture.delayedExecutor(patience.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> late(pid));
        return estate;
    }

    private synchronized JsonObject leave(long pid) throws ControlFailure {
        if (successor == null || successor != pid) {
            throw ControlFailure.unavailable("process " + pid + " has not been handed anything over, or ended since");
        }
        over = true;
        LOG.info("replaced by process {}", pid);
        if (edge != null) {
            edge.replaced();
        }
        leave.accept(pid);
        return ControlRequest.of("replaced")
                .with("process", Long.toString(ProcessHandle.current().pid()))
                .json();
    }

    private synchronized void ended(long pid) {
        if (over || successor == null || successor != pid) {
            return;
        }
        if (isLate || hasStoreBack(pid, true, () -> ended(pid))) {
            successor = null;
            LOG.error("process {} ended before it could replace this one; nothing has changed", pid);
        }
    }

    private synchronized void late(long pid) {
        if (over || successor == null || successor != pid || isLate) {
            return;
        }
        if (hasStoreBack(pid, false, () -> late(pid))) {
            isLate = true;
            LOG.error(
                    "process {} has not opened the certificate store in {}, which is ours again; another one may replace this"
                            + " one",
                    pid,
                    Durations.text(patience));
        }
    }

    /** @param again where it cannot be opened now */
    @GuardedBy("this") private boolean hasStoreBack(long pid, boolean ended, Runnable again) {
        try {
            return edge != null && edge.takeBack(ended);
        } catch (IOException e) {
            LOG.error(
                    "process {} {}: {}; nothing is ordered or renewed, tried again in {} s",
                    pid,
                    ended ? "ended before it could replace this one" : "does not open the certificate store",
                    e.getMessage(),
                    AGAIN_SECONDS);
            CompletableFuture.delayedExecutor(AGAIN_SECONDS, TimeUnit.SECONDS).execute(again);
            return false;
        }
    }
}
