package dev.postern.app;

import dev.postern.app.CannotStart.Reason;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.care.StoredAnswers;
import dev.postern.certificate.operate.CertificateOperations;
import dev.postern.certificate.operate.SiteOperations;
import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.certificate.served.ReachabilityProbe;
import dev.postern.certificate.store.ProbeKey;
import dev.postern.certificate.store.Store;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.control.CertificateControl;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlSocket;
import dev.postern.observe.RenewalCounts;
import dev.postern.schedule.Schedule;
import dev.postern.schedule.ScheduledWork;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The life of the certificates, put together: the store, the CAs, the clockwork, the operator's hooks and commands. The
 * request path has the three tables of it, and nothing else.
 */
final class CertificateCare implements AutoCloseable {
    private final InstantSource clock;
    private final ScheduledExecutorService background;
    private final CertificateTable certificates = new CertificateTable();
    private final AlpnChallengeTable alpnChallenges;
    private final ChallengeTable challenges;
    /** Null where nothing is done but what is asked for. */
    private final @Nullable CompletableFuture<Schedule> preparing;

    private final Store store;
    private final LentStore lent;
    private final ProbeKey probeKey;
    private final OperatorHooks hooks;
    private final RenewalCounts renewalCounts;
    private final StoredAnswers answers;
    private final Proofs proofs;
    private final Issuers issuers;
    private final Renewals renewals;
    /** What is wrong with the files that operators bring, once they are read. */
    private final CompletableFuture<List<String>> files;

    private final CertificateOperations operations;
    /** Runs commands of operators. */
    private final ExecutorService control = Threads.unlimited("control");
    /** Runs what may take long and what nobody waits for. */
    private final ExecutorService works = Threads.unlimited("work");

    private final ControlCommands commands;
    /** What {@link #stop} ends, the last one first. */
    private final Deque<AutoCloseable> active = new ArrayDeque<>();
    /** What {@link #close} ends, the last one first. */
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    // Replaced by one reload at a time; read by any thread.
    private volatile Configuration config;

    /**
     * Opens the store and reads it; asks no network.
     *
     * @param properties when what is done; null where nothing is done but what an operator asks for
     * @param background for what is due later, and short
     */
    CertificateCare(
            Configuration config,
            @Nullable Properties properties,
            InstantSource clock,
            ScheduledExecutorService background,
            OperatorAlerts alerts)
            throws CannotStart, IOException {
        this.config = config;
        this.clock = clock;
        this.background = background;
        this.alpnChallenges = new AlpnChallengeTable(clock);
        opened.push(control::shutdownNow);
        opened.push(works::shutdownNow);
        try {
            // Beside all that follows: to make a scheduler takes as long as to read the store.
            CompletableFuture<Schedule> made = properties == null
                    ? null
                    : CompletableFuture.supplyAsync(() -> Schedule.prepare(properties), works);
            this.preparing = made;
            if (made != null) {
                active.push(() -> made.handle(CertificateCare::close).join());
            }
            this.store = openStore();
            this.lent = new LentStore(store);
            this.probeKey = store.probeKey(new SecureRandom());
            ReachabilityProbe probe = new ReachabilityProbe(probeKey.bytes());
            this.challenges = new ChallengeTable(probe);
            Proofs.warnOfOpenSecrets(config);
            this.hooks = hooks();
            this.renewalCounts = new RenewalCounts(alerts.before(hooks.events()));
            this.answers = new StoredAnswers(store, challenges, alpnChallenges, clock);
            answers.restore();
            this.proofs = new Proofs(answers);
            proofs.prepare(config.sites());
            Clocks clocks = new Clocks(clock, MonotonicClock.SYSTEM);
            this.issuers = new Issuers(store, clocks, probe, this::site, works);
            this.renewals = renewals(clocks);
            this.files = renewals.load();
            if (files.isDone()) {
                awaitFiles(null);
            }
            this.operations = new SiteOperations(renewals);
            this.commands = new CertificateControl(
                    operations, () -> this.config.certifiedSites(), store, certificates, clock, control);
        } catch (CannotStart | IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static boolean close(@Nullable Schedule schedule, @Nullable Throwable failure) {
        if (schedule != null) {
            schedule.close();
        }
        return failure == null;
    }

    private Store openStore() throws IOException {
        // Where it is not needed it need not be writable.
        Store opening = noSiteIsIssued(config) ? ConfiguredStore.reading(config) : ConfiguredStore.open(config);
        opened.push(opening);
        return opening;
    }

    private static boolean noSiteIsIssued(Configuration config) {
        return config.sites().stream().noneMatch(Site::isIssued);
    }

    private Renewals renewals(Clocks clocks) throws IOException {
        ExecutorService orders = Threads.unlimited("order");
        opened.push(orders::shutdownNow);
        Renewals.Surroundings surroundings = new Renewals.Surroundings(
                store, certificates, proofs::of, clocks, new SecureRandom(), orders, renewalCounts);
        Issuers.Next cas = issuers.next(config);
        issuers.commit(cas);
        Renewals made = new Renewals(config.certifiedSites(), config.acme().keyType(), cas.needed(), surroundings);
        active.push(made);
        return made;
    }

    /**
     * What wakes us; waits until it is made.
     *
     * @throws IllegalArgumentException one line that names the property and what is wrong with it
     */
    @Nullable Schedule schedule() {
        try {
            return preparing == null ? null : preparing.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    /**
     * Returns once the files that operators bring are read.
     *
     * @param stopping done once there is nothing to wait for any more; null where that is never so
     * @throws CannotStart where they cannot all be served, or we are to stop
     */
    void awaitFiles(@Nullable CompletableFuture<Void> stopping) throws CannotStart {
        if (stopping != null) {
            CompletableFuture.anyOf(files, stopping).join();
            if (!files.isDone()) {
                throw new CannotStart(Reason.UNAVAILABLE, List.of("told to stop while certificates were read"), null);
            }
        }
        List<String> problems = files.join();
        if (!problems.isEmpty()) {
            throw new CannotStart(Reason.CONFIGURATION, problems, null);
        }
    }

    RenewalCounts renewalCounts() {
        return renewalCounts;
    }

    private @Nullable Site site(String name) {
        return config.certifiedSites().stream()
                .filter(site -> site.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** Who is told of what happens to the certificates. */
    private OperatorHooks hooks() {
        OperatorHooks made =
                new OperatorHooks(config.hooks(), site -> store.site(site).told(), config.grace(), background);
        active.push(made::stop);
        opened.push(made);
        return made;
    }

    // ---- another configuration

    /**
     * Gets ready for {@code next}: reads the files that it names, asks no network.
     *
     * @param wantedStore after a restart
     * @throws CannotStart with everything that is wrong; then nothing has changed
     * @throws IOException one line that names a file and what is wrong with it; then nothing has changed
     */
    Prepared prepare(Configuration next, Path wantedStore) throws CannotStart, IOException {
        lent.requireHere();
        if (store.isWritable() || noSiteIsIssued(next)) {
            return prepareCare(next);
        }
        if (!wantedStore.equals(config.acme().store())) {
            // Its certificates would be ordered once more after the restart.
            throw new CannotStart(
                    Reason.CONFIGURATION,
                    List.of(
                            "acme.store: takes effect with a restart only, and so do the first sites that would keep their"
                                    + " certificates there: \"" + wantedStore + "\" (expected: " + store.describe()
                                    + " until then)"),
                    null);
        }
        store.openToWrite();
        try {
            Prepared care = prepareCare(next);
            store.keep(probeKey);
            return new Prepared() {
                @Override
                public void commit() {
                    care.commit();
                }

                @Override
                public void abandon() {
                    care.abandon();
                    store.close();
                }
            };
        } catch (CannotStart | IOException | RuntimeException | Error e) {
            store.close();
            throw e;
        }
    }

    private Prepared prepareCare(Configuration next) throws CannotStart, IOException {
        proofs.prepare(next.sites());
        Issuers.Next cas = issuers.next(next);
        Renewals.Next care = renewals.next(
                new Renewals.Remit(next.certifiedSites(), next.acme().keyType(), cas.needed()));
        if (!care.problems().isEmpty()) {
            throw new CannotStart(Reason.CONFIGURATION, care.problems(), null);
        }
        return new Prepared() {
            @Override
            public void commit() {
                config = next;
                issuers.commit(cas);
                hooks.follow(next.hooks(), next.grace());
                care.commit();
            }

            @Override
            public void abandon() {
                // Files were read, nothing else.
            }
        };
    }

    /** The store, for the process that is about to replace this one. */
    LentStore lent() {
        return lent;
    }

    // ---- what there is

    /** Waits until everybody was told of everything. */
    void awaitHooks(Consumer<String> progress) throws InterruptedException {
        hooks.await(progress);
    }

    /** Server name → certificate. */
    CertificateTable certificates() {
        return certificates;
    }

    /** Server name → what a CA's validator is shown. */
    AlpnChallengeTable alpnChallenges() {
        return alpnChallenges;
    }

    /** Token → what is answered on the side port. */
    ChallengeTable challenges() {
        return challenges;
    }

    /** What there is and what is due, site by site. */
    List<CertificateStatus> status() {
        return renewals.status();
    }

    /** Tells of the threads without which nothing is renewed. */
    void watched(Consumer<LoopWatch.Watched> all) {
        Schedule wakeUps = schedule();
        if (wakeUps != null) {
            all.accept(new WatchedSchedule(wakeUps));
        }
    }

    /** What an operator may ask for. */
    CertificateOperations operations() {
        return operations;
    }

    /** The same, as commands by name. */
    ControlCommands commands() {
        return commands;
    }

    // ---- from start to end

    /**
     * Everything is served that the store has: from now on CAs are asked for what it has not, and operators are heard.
     *
     * @param doors where our own clients are now, by server name, for looking at what they see
     */
    void start(Function<String, SelfHandshake.Door> doors, Hearing heard) throws IOException {
        Schedule wakeUps = schedule();
        if (wakeUps == null) {
            renewals.watch(new SelfHandshake(doors));
            return;
        }
        ControlSocket socket = OperatorDoor.open(config.acme(), heard, commands, control, background, active::push);
        hooks.events().tellMissed(config.certifiedSites());
        Map<ScheduledWork, Runnable> beside = Map.of(
                ScheduledWork.SUGGESTED_WINDOWS, renewals::refreshSuggestedWindows,
                ScheduledWork.CLEAN_UP, this::cleanUp,
                ScheduledWork.SELF_CHECK, renewals::verifyServed);
        wakeUps.start(renewals, new SelfHandshake(doors), clock, beside, works, new SecureRandom());
        var unused = background.scheduleWithFixedDelay(
                wakeUps::tick, Schedule.TICK.toSeconds(), Schedule.TICK.toSeconds(), TimeUnit.SECONDS);
        if (socket != null) {
            socket.start();
        }
    }

    private void cleanUp() {
        renewals.cleanUp();
        answers.sweep();
    }

    /** Begins nothing more, and interrupts orders under way; their journal stays. */
    void stop() {
        Edge.closeAll(active);
    }

    @Override
    public void close() {
        stop();
        Edge.closeAll(opened);
    }
}
