package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.limits.Ledgers;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.served.ServedCertificates;
import dev.postern.certificate.store.Store;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.time.CaTime;
import dev.postern.time.ClockSkew;
import dev.postern.time.Clocks;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides and acts for the certificates of all sites: the one path for the first certificate and for each renewal.
 *
 * <p>{@link #load} fills the table from the store without asking any network; {@link #start} begins to look after what
 * is due. After that each {@link #wake} and each {@link #sweep} looks at the files and the time anew, so that one that
 * is late, lost or doubled does no harm. Safe for several threads; orders run on the executor that was given. Who holds
 * which lock is said in the map of the package.
 */
public final class Renewals implements AutoCloseable {
    /** An order that has not ended by then never will. */
    private static final Duration ORDER_DEADLINE = Duration.ofMinutes(15);

    /** So many sites are read before anything is served; more would take the most part of a second, or several. */
    private static final int READ_AT_ONCE = 200;

    private final Store store;
    private final CertificateTable table;
    private final Ledgers ledgers;
    private final Function<Site, List<ChallengeSolver>> solvers;
    private final CaTime time;
    private final ClockSkew skew;
    private final SharedRandom random;
    private final Upkeep upkeep;
    private final Sites sites;
    private final SiteCare care;
    private final OrderDispatch dispatch;
    private final SuggestedWindows suggestedWindows;
    private final ExecutorService orders;
    private final ServedWatch watch;
    private final Survey survey;
    private final Means means;

    // Replaced by one thread at a time; read by any thread.
    private volatile Remit remit;

    /**
     * What is to be looked after; a reload brings another.
     *
     * @param issuers in order of preference. One that is the same object as before is the same issuer
     */
    public record Remit(List<Site> sites, KeyType keyType, List<CertificateIssuer> issuers) {
        public Remit {
            sites = List.copyOf(sites);
            issuers = List.copyOf(issuers);
        }
    }

    /**
     * What a Renewals works with.
     *
     * @param solvers how a site proves its names, the preferred way first
     * @param orders runs orders; at most four at once. Whoever made it shuts it down after {@link #close}
     */
    public record Surroundings(
            Store store,
            CertificateTable table,
            Function<Site, List<ChallengeSolver>> solvers,
            Clocks clocks,
            RandomGenerator random,
            ExecutorService orders,
            CertificateEvents events) {}

    /**
     * What whoever acts beside it has to have in common with it.
     *
     * @param orderDeadline of one order, the wait for its turn included
     */
    public record Means(Clocks clocks, RandomGenerator random, Duration orderDeadline) {}

    /**
     * Prepares; reads nothing yet.
     *
     * @param issuers in order of preference
     */
    public Renewals(List<Site> sites, KeyType keyType, List<CertificateIssuer> issuers, Surroundings surroundings) {
        this(sites, keyType, issuers, surroundings, ORDER_DEADLINE, READ_AT_ONCE);
    }

    public Renewals(
            List<Site> sites,
            KeyType keyType,
            List<CertificateIssuer> issuers,
            Surroundings surroundings,
            Duration orderDeadline,
            int readAtOnce) {
        this.table = surroundings.table();
        Clocks clocks = surroundings.clocks();
        this.skew = clocks.skew();
        this.time = clocks.ca();
        this.random = new SharedRandom(surroundings.random());
        this.orders = surroundings.orders();
        Announcements announcements = new Announcements(surroundings.events());
        this.watch = new ServedWatch(time, orders);
        this.store = surroundings.store();
        this.solvers = surroundings.solvers();
        this.remit = new Remit(sites, keyType, issuers);
        this.ledgers = new Ledgers(store, issuers);
        this.upkeep = new Upkeep(table, time, announcements);
        this.sites = new Sites(
                sites,
                site -> newRecord(site, issuers),
                table,
                time,
                random,
                readAtOnce,
                this::isRead,
                this::allAreRead);
        OrderRun.Setting setting = new OrderRun.Setting(
                () -> this.remit.keyType(),
                new Installer(table, clocks, random, announcements, watch),
                new OrderQueue(ledgers, clocks.elapsed()),
                ledgers,
                clocks,
                this::ended);
        this.dispatch = new OrderDispatch(setting, time, orders, orderDeadline);
        this.care = new SiteCare(this.sites, upkeep, dispatch, time);
        this.suggestedWindows = new SuggestedWindows(this.sites::issued, clocks, random, orders, care::lookAgain);
        this.survey = new Survey(this.sites, table, time, watch);
        this.means = new Means(clocks, random, orderDeadline);
    }

    private SiteRecord newRecord(Site site, List<CertificateIssuer> issuers) {
        return new SiteRecord(
                site,
                store.site(site.name()),
                issuers.stream().filter(issuer -> issuer.mayCertify(site)).toList(),
                solvers.apply(site),
                ledgers);
    }

    public Remit remit() {
        return remit;
    }

    // ---- another configuration

    /** Another remit, of which everything is checked that can be wrong; nothing has changed yet. */
    public final class Next {
        private final Remit after;
        private final Sites.Next next;

        private Next(Remit after) {
            this.after = after;
            this.next = sites.next(after.sites(), site -> newRecord(site, after.issuers()));
        }

        /** What is wrong with the files that operators bring, one line each. */
        public List<String> problems() {
            return next.problems();
        }

        /**
         * From now on this is looked after. Sites that get their certificates as before are not touched: what they have,
         * their attempts, orders in flight. What is served of those that are new is served when this returns; of those
         * that are gone nothing is, and their store stays. Does not fail; waits for the disk.
         */
        public void commit() {
            ledgers.follow(after.issuers());
            remit = after;
            next.commit();
            next.retired().forEach(dispatch::drop);
            next.tell(watch);
            if (!sites.areRead()) {
                sites.readRest(orders);
            }
            care.lookAfterEach(next.added());
            lookAfterBrought();
            care.pump();
        }
    }

    /** Gets ready to look after something else. Used by one thread at a time. */
    public Next next(Remit other) {
        return new Next(other);
    }

    /**
     * Reads the store and the files of the operator and publishes every certificate that is good now; of thousands of sites
     * meanwhile, while handshakes wait for the reading of theirs.
     *
     * @return done once the files are read, with what is wrong with them, one line each; at the start of the daemon a reason
     *     not to start
     */
    public CompletableFuture<List<String>> load() {
        return sites.load(orders);
    }

    /**
     * From now on does what is due, and asks {@code wakeUps} to be called when more is.
     *
     * @param served asked after each installation whether clients see what was installed
     */
    public void start(WakeUps wakeUps, ServedCertificates served) {
        watch.start(served);
        care.begin(wakeUps);
        sites.readRest(orders);
        // The files of operators were read a moment ago.
        upkeep.lookLater(sites.brought(), wakeUps);
        sweepIssued();
        if (sites.areRead()) {
            verifyServed();
        }
    }

    /** There are listeners, though nothing is looked after but what an operator asks for. */
    public void watch(ServedCertificates served) {
        watch.start(served);
    }

    /** What the {@link WakeUps} were asked for: looks after one site, or the files of all; does nothing for other names. */
    public void wake(String site) {
        SiteRecord record = sites.issued(site);
        if (record != null) {
            sites.read(record);
            record.change(SiteState::woken);
            care.lookAgain(record);
        } else if (site.equals(CertificateFiles.ALL)) {
            lookAfterBrought();
        }
    }

    /** Looks after all sites; what goes wrong with one is no reason to leave out the others. */
    public void sweep() {
        sweepIssued();
        lookAfterBrought();
    }

    private void lookAfterBrought() {
        upkeep.lookAfter(sites.brought(), care.wakeUps());
    }

    private void sweepIssued() {
        time.report();
        dispatch.giveUpOverdue();
        store.lookAfter(time.instant());
        ledgers.saveUnwritten(time.instant());
        care.lookAfterEach(sites.issued());
        sites.followShared();
        care.pump();
        refreshSuggestedWindows();
        watch.askAgain();
    }

    private void ended(Attempt run) {
        care.ended(run);
    }

    private void isRead(SiteRecord record) {
        care.lookAfterEach(List.of(record));
    }

    private void allAreRead() {
        care.pump();
        verifyServed();
    }

    /** Begins as many orders as may be begun. */
    public void pump() {
        care.pump();
    }

    /**
     * Sees to it that clients are shown what is installed, one site after the other in the background: {@link
     * ServedWatch#AT_A_TIME} of them, the next time the next ones. And to it that the store still has it.
     */
    public void verifyServed() {
        List<ServedWatch.Subject> all = new ArrayList<>();
        Instant now = time.instant();
        for (SiteRecord record : sites.issued()) {
            record.change(its -> its.keepStored(now));
            all.add(record.subject());
        }
        sites.brought().forEach(files -> all.add(files.subject()));
        watch.askInTurn(all);
    }

    /** Removes what is of no more use in the store: generations of long ago, and what was left unfinished. */
    public void cleanUp() {
        Instant now = time.earliest();
        for (SiteRecord record : sites.issued()) {
            record.change(its -> its.cleanUp(now));
        }
    }

    // ---- what operators ask for

    public Means means() {
        return means;
    }

    /** Null where no site of this name gets its certificate from an issuer. What is returned was read from the store. */
    @Nullable public SiteRecord record(String site) {
        SiteRecord record = sites.issued(site);
        if (record != null) {
            sites.read(record);
        }
        return record;
    }

    public boolean isClosed() {
        return care.isClosed();
    }

    public ServedWatch watch() {
        return watch;
    }

    /** Reads the store again. */
    public void reload(SiteRecord record) {
        record.change(its -> its.load(time.instant()));
        republish(record);
    }

    /** Serves what the site has now, after that was changed. */
    public void republish(SiteRecord record) {
        sites.show(record);
        watch.ask(record.subject());
        care.lookAgain(record);
    }

    /** Puts a site into the queue whose order somebody asks for; not where it is in flight. */
    public void enqueue(SiteRecord record) {
        care.enqueue(record);
    }

    /** Asks the CAs when they would like their certificates to be renewed, where it is time to ask; does not wait. */
    public void refreshSuggestedWindows() {
        if (care.wakeUps() != null) {
            suggestedWindows.refresh();
        }
    }

    /** The clock was set: what was asked of the {@link WakeUps} went by another time, and is asked for anew. */
    public void clockWasSet() {
        skew.forget();
        for (SiteRecord record : sites.issued()) {
            record.change(SiteState::woken);
        }
        sweep();
    }

    /** What there is, site by site, in the order of the configuration. */
    public List<CertificateStatus> status() {
        return survey.all();
    }

    /** What is going to happen, for each site whose certificate comes from an issuer. */
    public List<SitePlan> plans() {
        return survey.plans();
    }

    public CertificateStatus status(SiteRecord record) {
        return survey.of(record);
    }

    /** Begins nothing more and interrupts what is in flight: the journals stay, the next start resumes the orders. */
    @Override
    public void close() {
        care.close();
        sites.close();
        watch.close();
        suggestedWindows.close();
        dispatch.close();
        saveUnwritten();
    }

    /** The last chance of what only memory has. */
    private void saveUnwritten() {
        Instant now = time.instant();
        ledgers.saveUnwritten(now);
        for (SiteRecord record : sites.issued()) {
            record.change(its -> its.save(now));
        }
    }
}
