package dev.postern.hook;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.certificate.care.CertificateEvents;
import dev.postern.certificate.store.ToldRenewal;
import dev.postern.config.Configuration;
import dev.postern.config.Durations;
import dev.postern.config.Secret;
import dev.postern.config.Site;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the operator's commands when something happened to a certificate: one at a time, in the order of the events, on
 * the executor that was given. What happened to a site before its last event of the same kind was told is not told any
 * more. A run that fails is repeated, then given up. Which certificate was told last outlives the process. Safe for several
 * threads.
 */
public final class Hooks implements CertificateEvents, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Hooks.class);

    /** A program that fails because of what it talks to finds that up again after the second or third. */
    static final List<Duration> RETRIES = List.of(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(25));

    /** One of each kind for some thousand sites; more than that waiting means that the hook hangs. */
    static final int MOST_WAITING = 10_000;

    /** Calls back later. */
    @FunctionalInterface
    public interface Timer {
        /** Runs {@code task}, which returns at once, when that much has elapsed; never where it ends before. */
        void after(Duration wait, Runnable task);
    }

    private enum Kind {
        RENEWED("on-renewed"),
        FAILED("on-failure"),
        OVERDUE("on-overdue");

        private final String key;

        Kind(String key) {
            this.key = key;
        }
    }

    private record Subject(Kind kind, String site) {}

    /** @param attempt counted from 1 */
    private record Run(Subject subject, JsonObject facts, int attempt) {
        String text() {
            return "hooks." + subject.kind().key + ": " + subject.site();
        }
    }

    // Replaced by a reload; read by any thread.
    private volatile Map<Kind, Command> commands;
    private final Function<String, ToldRenewal> told;
    private final Executor executor;
    private final Timer timer;

    @GuardedBy("this") private final Map<Subject, Run> waiting = new LinkedHashMap<>();

    @GuardedBy("this") private final Map<Subject, Run> failed = new HashMap<>();

    @GuardedBy("this") private @Nullable Run current;

    @GuardedBy("this") private boolean running;

    @GuardedBy("this") private boolean finishing;

    @GuardedBy("this") private @Nullable CompletableFuture<Void> idle;

    @GuardedBy("this") private boolean closed;

    /**
     * @param told site → what is remembered of its renewals across restarts
     * @param executor runs the commands; one of its threads is used at a time
     */
    public Hooks(Configuration.Hooks hooks, Function<String, ToldRenewal> told, Executor executor, Timer timer) {
        this.told = told;
        this.executor = executor;
        this.timer = timer;
        this.commands = commands(hooks);
    }

    /** From now on runs these; what runs already is finished. */
    public void follow(Configuration.Hooks hooks) {
        commands = commands(hooks);
    }

    private static Map<Kind, Command> commands(Configuration.Hooks hooks) {
        Map<Kind, Command> commands = new EnumMap<>(Kind.class);
        Map.of(Kind.RENEWED, hooks.onRenewed(), Kind.FAILED, hooks.onFailure(), Kind.OVERDUE, hooks.onOverdue())
                .forEach((kind, command) -> {
                    if (!command.isEmpty()) {
                        commands.put(kind, new Command(Secret.texts(command), hooks.timeout()));
                    }
                });
        return commands;
    }

    @Override
    public void renewed(Renewed event) {
        if (commands.containsKey(Kind.RENEWED)) {
            try {
                told.apply(event.site()).expect();
            } catch (IOException e) {
                LOG.warn("{}; a stop may keep hooks.on-renewed from being told of {}", e.getMessage(), event.site());
            }
        }
        JsonObject facts = facts(Kind.RENEWED, event.site(), event.names());
        facts.addProperty("issuer", event.issuer());
        facts.addProperty("serial", event.serial());
        facts.addProperty("not-before", event.notBefore().toString());
        facts.addProperty("not-after", event.notAfter().toString());
        add(facts, "folder", event.folder());
        tell(Kind.RENEWED, event.site(), facts);
    }

    @Override
    public void failed(Failed event) {
        JsonObject facts = facts(Kind.FAILED, event.site(), event.names());
        facts.addProperty("message", event.message());
        facts.addProperty("fault", event.fault().name().toLowerCase(Locale.ROOT));
        facts.addProperty("failures", event.failures());
        add(facts, "next-attempt", event.nextAttempt());
        add(facts, "not-after", event.notAfter());
        tell(Kind.FAILED, event.site(), facts);
    }

    @Override
    public void overdue(Overdue event) {
        JsonObject facts = facts(Kind.OVERDUE, event.site(), event.names());
        add(facts, "message", event.lastFailure());
        facts.addProperty("failures", event.failures());
        add(facts, "not-after", event.notAfter());
        tell(Kind.OVERDUE, event.site(), facts);
    }

    /**
     * Tells of the certificates that {@code on-renewed} was not told of before the last stop. To be called before anything
     * is renewed. Reads a small file for each site.
     */
    public void tellMissed(List<Site> sites) {
        if (!commands.containsKey(Kind.RENEWED)) {
            return;
        }
        for (Site site : sites) {
            // What operators bring they know of.
            if (site.isIssued()) {
                tellMissed(site);
            }
        }
    }

    private void tellMissed(Site site) {
        try {
            told.apply(site.name()).missed().ifPresent(missed -> {
                LOG.info(
                        "hooks.on-renewed: {}: not told of the certificate {} yet; told now",
                        site.name(),
                        missed.serial());
                renewed(new Renewed(
                        site.name(),
                        site.names(),
                        missed.issuer(),
                        missed.serial(),
                        missed.notBefore(),
                        missed.notAfter(),
                        missed.folder()));
            });
        } catch (IOException e) {
            LOG.warn("{}; hooks.on-renewed is told of the next renewal of {}", e.getMessage(), site.name());
        }
    }

    private static JsonObject facts(Kind kind, String site, List<String> names) {
        JsonObject facts = new JsonObject();
        facts.addProperty("event", kind.name().toLowerCase(Locale.ROOT));
        facts.addProperty("site", site);
        JsonArray all = new JsonArray();
        names.forEach(all::add);
        facts.add("names", all);
        return facts;
    }

    private static void add(JsonObject facts, String name, @Nullable String text) {
        if (text != null) {
            facts.addProperty(name, text);
        }
    }

    private static void add(JsonObject facts, String name, @Nullable Instant instant) {
        add(facts, name, instant == null ? null : TimeText.at(instant));
    }

    private void tell(Kind kind, String site, JsonObject facts) {
        if (!commands.containsKey(kind)) {
            return;
        }
        Subject subject = new Subject(kind, site);
        synchronized (this) {
            // What it was to be told again is old now.
            failed.remove(subject);
        }
        enqueue(new Run(subject, facts, 1));
    }

    private void enqueue(Run run) {
        synchronized (this) {
            if (closed) {
                return;
            }
            if (!waiting.containsKey(run.subject()) && waiting.size() >= MOST_WAITING) {
                LOG.error("{}: not run: {} are waiting already", run.text(), waiting.size());
                return;
            }
            waiting.put(run.subject(), run);
            if (running) {
                return;
            }
            running = true;
        }
        try {
            executor.execute(this::runAll);
        } catch (RejectedExecutionException e) {
            // The process is about to end.
            close();
        }
    }

    private void runAll() {
        try {
            for (Run run = next(); run != null; run = next()) {
                run(run);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
        }
    }

    private synchronized @Nullable Run next() {
        current = null;
        var runs = waiting.values().iterator();
        if (closed || !runs.hasNext()) {
            running = false;
            becomeIdle();
            return null;
        }
        Run run = runs.next();
        runs.remove();
        current = run;
        return run;
    }

    private void run(Run run) throws InterruptedException {
        Command command = commands.get(run.subject().kind());
        if (command == null) {
            return;
        }
        String where = run.text() + ": " + command.text();
        String failure;
        try {
            Command.Outcome outcome =
                    command.run(List.of(), environment(run.facts()), run.facts().toString() + "\n");
            if (outcome.isSuccess()) {
                LOG.info("{}: done", where);
                LOG.debug("{}: {}", where, outcome.text());
                remember(run);
                return;
            }
            failure = outcome.text();
        } catch (IOException | RuntimeException e) {
            failure = String.valueOf(e.getMessage());
        }
        if (run.attempt() > RETRIES.size()) {
            LOG.error("{}: {}; given up after {} runs{}", where, failure, run.attempt(), later(run));
            return;
        }
        Duration wait = RETRIES.get(run.attempt() - 1);
        Run again = new Run(run.subject(), run.facts(), run.attempt() + 1);
        synchronized (this) {
            if (finishing || closed) {
                LOG.warn("{}: {}; not run again, for Postern ends{}", where, failure, later(run));
                return;
            }
            if (waiting.containsKey(run.subject())) {
                LOG.warn("{}: {}; run next for what happened since", where, failure);
                return;
            }
            failed.put(run.subject(), again);
        }
        LOG.warn("{}: {}; run again in {}", where, failure, Durations.text(wait));
        timer.after(wait, () -> again(again));
    }

    private void remember(Run run) {
        if (run.subject().kind() == Kind.RENEWED) {
            try {
                told.apply(run.subject().site()).told(run.facts().get("serial").getAsString());
            } catch (IOException e) {
                LOG.warn("{}: {}; told once more at the next start", run.text(), e.getMessage());
            }
        }
    }

    /** What comes of an event that is not told now: of a certificate the store knows it. */
    private static String later(Run run) {
        return run.subject().kind() == Kind.RENEWED ? "; told at the next start" : "";
    }

    private void again(Run run) {
        synchronized (this) {
            if (!failed.remove(run.subject(), run)) {
                return;
            }
        }
        enqueue(run);
    }

    /** {@code next-attempt} is {@code POSTERN_NEXT_ATTEMPT}; names are parted by spaces. */
    private static Map<String, String> environment(JsonObject facts) {
        Map<String, String> variables = new HashMap<>();
        facts.entrySet().forEach(fact -> {
            String name = "POSTERN_" + fact.getKey().toUpperCase(Locale.ROOT).replace('-', '_');
            List<String> texts = new ArrayList<>();
            if (fact.getValue().isJsonArray()) {
                fact.getValue().getAsJsonArray().forEach(each -> texts.add(each.getAsString()));
            } else {
                texts.add(fact.getValue().getAsString());
            }
            // No variable can hold a NUL.
            variables.put(name, String.join(" ", texts).replace('\0', '?'));
        });
        return variables;
    }

    /**
     * From now on nothing is repeated: what waits for that is given up with a line in the log. What runs and what waits
     * for its turn goes on.
     *
     * @return done when nothing runs and nothing waits
     */
    public synchronized CompletableFuture<Void> finish() {
        finishing = true;
        failed.values()
                .forEach(run ->
                        LOG.warn("{}: failed, and is not run again, for Postern ends{}", run.text(), later(run)));
        failed.clear();
        CompletableFuture<Void> end = idle;
        if (end == null) {
            end = new CompletableFuture<>();
            idle = end;
        }
        if (!running || closed) {
            becomeIdle();
        }
        return end;
    }

    /** With the monitor held. */
    @GuardedBy("this") private void becomeIdle() {
        CompletableFuture<Void> end = idle;
        idle = null;
        if (end != null) {
            end.complete(null);
        }
    }

    /**
     * Nothing is begun any more, and a line in the log says what was not told. What runs is ended by whoever ends the
     * executor.
     */
    @Override
    public synchronized void close() {
        closed = true;
        List<Run> untold = new ArrayList<>(waiting.values());
        untold.addAll(failed.values());
        Run interrupted = current;
        if (interrupted != null
                && untold.stream().noneMatch(run -> run.subject().equals(interrupted.subject()))) {
            untold.add(0, interrupted);
        }
        untold.forEach(run -> LOG.warn("{}: not told, for Postern ends{}", run.text(), later(run)));
        waiting.clear();
        failed.clear();
        current = null;
        becomeIdle();
    }
}
