package dev.postern.app;

import dev.postern.acme.AcmeIssuers;
import dev.postern.app.CannotStart.Reason;
import dev.postern.certificate.AlpnChallengeTable;
import dev.postern.certificate.CaTime;
import dev.postern.certificate.CertificateIssuer;
import dev.postern.certificate.CertificateOperations;
import dev.postern.certificate.CertificateStatus;
import dev.postern.certificate.CertificateStore;
import dev.postern.certificate.CertificateTable;
import dev.postern.certificate.ChallengeTable;
import dev.postern.certificate.ClockSkew;
import dev.postern.certificate.MonotonicClock;
import dev.postern.certificate.ReachabilityProbe;
import dev.postern.certificate.Renewals;
import dev.postern.config.AddressRange;
import dev.postern.config.Configuration;
import dev.postern.config.Configuration.Issuer;
import dev.postern.config.Configuration.Site;
import dev.postern.config.PublicCas;
import dev.postern.control.CertificateControl;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlSocket;
import dev.postern.devca.InternalCa;
import dev.postern.devca.InternalIssuer;
import dev.postern.dns.Lookup;
import dev.postern.preflight.CheckedIssuer;
import dev.postern.preflight.Preflight;
import dev.postern.schedule.Schedule;
import dev.postern.schedule.ScheduledWork;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of the certificates, put together: the store, the CAs, the clockwork, the operator's hooks and commands. The
 * request path has the three tables of it, and nothing else.
 */
final class CertificateCare implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CertificateCare.class);

    private final Configuration config;
    private final InstantSource clock;
    private final ScheduledExecutorService background;
    private final CertificateTable certificates = new CertificateTable();
    private final AlpnChallengeTable alpnChallenges;
    private final ChallengeTable challenges;
    private final @Nullable Schedule schedule;
    private final OperatorHooks hooks;
    private final Renewals renewals;
    /** Runs commands of operators. */
    private final ExecutorService control = Executors.newCachedThreadPool(Threads.named("control"));
    /** Runs what may take long and what nobody waits for. */
    private final ExecutorService works = Executors.newCachedThreadPool(Threads.named("work"));

    private final ControlCommands commands;
    /** What {@link #stop} ends, the last one first. */
    private final Deque<AutoCloseable> active = new ArrayDeque<>();
    /** What {@link #close} ends, the last one first. */
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

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
            ScheduledExecutorService background)
            throws CannotStart, IOException {
        this.config = config;
        this.clock = clock;
        this.background = background;
        this.alpnChallenges = new AlpnChallengeTable(clock);
        opened.push(control::shutdownNow);
        opened.push(works::shutdownNow);
        try {
            this.schedule = properties == null ? null : Schedule.prepare(properties);
            if (schedule != null) {
                active.push(schedule);
            }
            CertificateStore store = openStore();
            ReachabilityProbe probe = store.reachabilityProbe(new SecureRandom());
            this.challenges = new ChallengeTable(probe);
            Proofs.warnOfOpenSecrets(config);
            this.hooks = hooks(store);
            this.renewals = renewals(store, new Proofs(config.sites(), challenges, alpnChallenges), probe);
            this.commands = new CertificateControl(operations(), config.sites(), store, certificates, clock, control);
        } catch (CannotStart | IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private CertificateStore openStore() throws IOException {
        Path root = config.acme().store();
        if (everySiteBringsItsOwn()) {
            // The store is not needed, and need not be writable.
            return CertificateStore.openReadOnly(root);
        }
        CertificateStore store = CertificateStore.open(root);
        opened.push(store);
        return store;
    }

    private boolean everySiteBringsItsOwn() {
        return config.sites().stream().allMatch(site -> site.certificate() != null);
    }

    private Renewals renewals(CertificateStore store, Proofs proofs, ReachabilityProbe probe)
            throws CannotStart, IOException {
        ClockSkew skew = new ClockSkew(clock);
        AcmeIssuers cas = new AcmeIssuers(
                config.acme(), store, new CaTime(clock, skew, MonotonicClock.SYSTEM), MonotonicClock.SYSTEM, skew);
        List<CertificateIssuer> issuers = new ArrayList<>();
        for (Issuer issuer : config.acme().issuers()) {
            // One that no site needs leaves no trace in the store: no account, and no CA of our own.
            if (config.sites().stream()
                    .anyMatch(site -> config.acme().issuersFor(site).contains(issuer))) {
                issuers.add(
                        issuer instanceof Issuer.AcmeDirectory acme
                                ? checked(cas.at(acme), acme, store, probe)
                                : internalIssuer(issuer, store));
            }
        }
        ExecutorService orders = Executors.newCachedThreadPool(Threads.named("order"));
        opened.push(orders::shutdownNow);
        Renewals.Surroundings surroundings = new Renewals.Surroundings(
                store,
                certificates,
                proofs::of,
                clock,
                MonotonicClock.SYSTEM,
                skew,
                new SecureRandom(),
                orders,
                hooks.events());
        Renewals made = new Renewals(config.sites(), config.acme().keyType(), issuers, surroundings);
        active.push(made);
        List<String> problems = made.load();
        if (!problems.isEmpty()) {
            throw new CannotStart(Reason.CONFIGURATION, problems, null);
        }
        return made;
    }

    /** Looks first, where the CA sees the same DNS as everybody: that of a private one is not ours to know. */
    private CertificateIssuer checked(
            CertificateIssuer issuer, Issuer.AcmeDirectory acme, CertificateStore store, ReachabilityProbe probe)
            throws IOException {
        if (!PublicCas.isPublic(acme.directory())) {
            return issuer;
        }
        Preflight preflight = new Preflight(Lookup.ofSystem(MonotonicClock.SYSTEM), probe, clock, new SecureRandom());
        return new CheckedIssuer(issuer, acme, preflight, store::everHadCertificate, this::site, works);
    }

    private @Nullable Site site(String name) {
        return config.sites().stream()
                .filter(site -> site.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    private CertificateIssuer internalIssuer(Issuer issuer, CertificateStore store) throws IOException {
        SecureRandom random = new SecureRandom();
        InternalCa ca = InternalCa.open(store.root().resolve("accounts/internal"), clock, random);
        log.info(
                "issuer internal: clients must trust its root, {}",
                ca.rootFile().toAbsolutePath());
        return new InternalIssuer(
                ca,
                InternalIssuer.DEFAULT_VALIDITY,
                site -> config.acme().issuersFor(site).contains(issuer));
    }

    /** Who is told of what happens to the certificates. */
    private OperatorHooks hooks(CertificateStore store) {
        OperatorHooks made = new OperatorHooks(config.hooks(), store::told, config.grace(), background);
        active.push(made::stop);
        opened.push(made);
        return made;
    }

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

    /** What an operator may ask for. */
    CertificateOperations operations() {
        return renewals.operations();
    }

    /** The same, as commands by name. */
    ControlCommands commands() {
        return commands;
    }

    /**
     * Everything is served that the store has: from now on CAs are asked for what it has not, and operators are heard.
     *
     * @param https where our own clients are, for looking at what they see
     * @param proxies from where connections to it have to begin with a PROXY header
     */
    void start(InetSocketAddress https, Supplier<List<AddressRange>> proxies) throws IOException {
        Schedule wakeUps = schedule;
        if (wakeUps == null) {
            renewals.watch(new SelfHandshake(https, proxies));
            return;
        }
        ControlSocket socket = controlSocket();
        hooks.events().tellMissed(config.sites());
        Map<ScheduledWork, Runnable> beside = Map.of(
                ScheduledWork.SUGGESTED_WINDOWS, renewals::refreshSuggestedWindows,
                ScheduledWork.CLEAN_UP, renewals::cleanUp,
                ScheduledWork.SELF_CHECK, renewals::verifyServed);
        wakeUps.start(renewals, new SelfHandshake(https, proxies), clock, beside, works, new SecureRandom());
        var unused = background.scheduleWithFixedDelay(
                wakeUps::tick, Schedule.TICK.toSeconds(), Schedule.TICK.toSeconds(), TimeUnit.SECONDS);
        if (socket != null) {
            socket.start();
        }
    }

    /** Null where no site needs the store: there need be no directory for it, and there is nothing to command. */
    private @Nullable ControlSocket controlSocket() throws IOException {
        Path file = config.acme().controlSocket();
        boolean byDefault = file.equals(config.acme().store().resolve("control.sock"));
        if (byDefault && everySiteBringsItsOwn()) {
            return null;
        }
        try {
            ControlSocket socket = ControlSocket.open(file, commands, control, background);
            active.push(socket);
            return socket;
        } catch (IOException e) {
            if (!byDefault) {
                throw e;
            }
            // Nobody asked for it by name: no reason not to serve.
            log.warn("{}; the daemon takes no commands", e.getMessage());
            return null;
        }
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
