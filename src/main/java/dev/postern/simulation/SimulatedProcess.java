package dev.postern.simulation;

import dev.postern.acme.AcmeIssuers;
import dev.postern.acme.Customer;
import dev.postern.certificate.care.CertificateEvents;
import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.care.StoredAnswers;
import dev.postern.certificate.care.WakeUps;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.KeyType;
import dev.postern.config.RateLimits;
import dev.postern.config.Site;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import dev.postern.simulation.DiskGate.Step;
import dev.postern.simulation.World.Event;
import dev.postern.simulation.World.Strand;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One life of the daemon, from its start to its death, without the request path: the real care of certificates between a
 * simulated disk, clock and network. After its death nothing of it reaches the world any more.
 */
final class SimulatedProcess implements WakeUps {
    /** The minute of the real sweep, while something is in flight. */
    private static final Duration SWEEP = Duration.ofMinutes(1);

    /**
     * While nothing is in flight a sweep finds nothing to do that a wake-up does not find, 1439 times a day: so it comes
     * at random times up to this far apart, and after everything that goes wrong.
     */
    private static final Duration IDLE_SWEEP = Duration.ofHours(24);

    private final Machine machine;
    private final World world;
    private final RandomGenerator random;
    private final GatedFileSystem files;
    private final Store store;
    private final StrandExecutor orders;
    private final ChallengeTable challenges = new ChallengeTable();
    private final StoredAnswers answers;
    private final CertificateTable table = new CertificateTable();
    private final Clocks clocks;
    private final Renewals renewals;
    private final Map<String, Instant> wishes = new HashMap<>();
    private final Map<String, Event> wakeUps = new HashMap<>();
    // The certificates whose end a wake-up came for; with a defect only.
    private final Set<BigInteger> woken = new HashSet<>();
    private @Nullable Event sweep;
    private boolean dead;

    /** @throws IOException where the daemon refuses to start */
    SimulatedProcess(Machine machine, World world, List<Site> sites, Scenario scenario) throws IOException {
        this.machine = machine;
        this.world = world;
        this.random = world.random();
        Path seen = GatedFileSystem.through(
                machine.disk(), this::gate, machine.store().toString());
        this.files = (GatedFileSystem) seen.getFileSystem();
        this.orders = new StrandExecutor(world, () -> machine.looked(this));
        this.clocks = new Clocks(machine.clock(), elapsed());
        try {
            this.store = FileStore.open(seen);
        } catch (IOException | Error e) {
            files.close();
            throw e;
        }
        this.answers = new StoredAnswers(store, challenges, new AlpnChallengeTable(machine.clock()), machine.clock());
        List<CertificateIssuer> cas = new ArrayList<>();
        for (String issuer : scenario.issuers()) {
            cas.add(issuer(issuer, scenario));
        }
        Renewals.Surroundings surroundings = new Renewals.Surroundings(
                store,
                table,
                site -> List.of(answers.http01()),
                clocks,
                world.random(),
                orders,
                CertificateEvents.NONE);
        this.renewals = new Renewals(sites, KeyType.EC_P256, cas, surroundings);
    }

    private CertificateIssuer issuer(String name, Scenario scenario) throws IOException {
        AcmeDirectory directory = new AcmeDirectory(
                name,
                SimulatedCa.directory(name),
                null,
                null,
                scenario.profile(),
                null,
                scenario.staging() ? SimulatedCa.directory(SimulatedCa.staging(name)) : null,
                machine.defect() == Defect.NO_LIMITS ? RateLimits.NONE : RateLimits.LETSENCRYPT,
                // Its default is of another life, by which the witness does not count.
                true);
        Customer customer = new Customer("ops@example.com", true, store, clocks);
        return new AcmeIssuers(customer, List.of(), at -> machine.network().of(this)).at(directory);
    }

    private MonotonicClock elapsed() {
        return new MonotonicClock() {
            @Override
            public long nanoTime() {
                return world.nanos();
            }

            @Override
            public void await(Duration wait) throws InterruptedException {
                SimulatedProcess.this.await(wait);
            }
        };
    }

    void await(Duration wait) throws InterruptedException {
        requireAlive();
        Strand strand = world.running();
        if (strand == null) {
            world.pass(wait);
        } else {
            strand.await(wait);
        }
        requireAlive();
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted in the simulated world");
        }
    }

    void requireAlive() {
        if (dead) {
            throw new ProcessDied();
        }
    }

    boolean isDead() {
        return dead;
    }

    CertificateTable table() {
        return table;
    }

    ChallengeTable challenges() {
        return challenges;
    }

    boolean isBusy() {
        return orders.isBusy();
    }

    private void gate(Step step, Path path) throws IOException {
        requireAlive();
        if (step == Step.READ) {
            return;
        }
        sabotage(path);
        SimulatedDisk disk = machine.disk();
        if (disk.isDeadly()) {
            world.tell("died while writing " + path.getFileName());
            machine.diedWriting(this);
            throw new ProcessDied();
        }
        if (disk.isReadOnly()) {
            throw new FileSystemException(path.toString(), null, "Read-only file system");
        }
        if (disk.isFull() && step == Step.WRITE) {
            throw new FileSystemException(path.toString(), null, "No space left on device");
        }
    }

    /** Before a step on the disk. */
    private void sabotage(Path path) throws IOException {
        Path seen = machine.store().getFileSystem().getPath(path.toString());
        if (machine.defect() == Defect.NO_JOURNAL && path.toString().matches(".*/\\.new-[0-9]+/.*")) {
            String folder = seen.getName(machine.store().getNameCount()).toString();
            Files.deleteIfExists(machine.store().resolve(folder).resolve("order.json"));
        } else if (machine.defect() == Defect.OTHER_KEY && path.endsWith("meta.json")) {
            Files.writeString(
                    seen.resolveSibling("privkey.pem"),
                    Pem.of(Keys.generate(KeyType.EC_P256).getPrivate()));
        }
    }

    /** Whether a wake-up is to be heard at all. */
    private boolean isDeafTo(String site) {
        var served = table.find(site);
        return switch (machine.defect()) {
            case DEAF -> true;
            case NO_RETRY -> served != null && !woken.add(served.serial());
            default -> false;
        };
    }

    /** From now on it reaches nothing. What it had open is closed, as the operating system does. */
    void die() {
        dead = true;
    }

    /** Called by an event: ends its strands and lets go of its files. */
    void bury() {
        dead = true;
        wakeUps.values().forEach(Event::callOff);
        if (sweep != null) {
            sweep.callOff();
        }
        orders.reap();
        try {
            files.close();
        } catch (IOException e) {
            throw new IllegalStateException("closing the files of a dead process", e);
        }
    }

    /** Called by an event. */
    void start() {
        act(() -> {
            try {
                answers.restore();
                // Reading many sites at once, on threads of which there is one: in the same order each time.
                var unused =
                        machine.readers().submit(() -> renewals.load().join()).get();
            } catch (ExecutionException e) {
                if (!dead) {
                    throw new IllegalStateException("loading the store: " + e.getCause(), e);
                }
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
            renewals.start(this, name -> {
                var certificate = table.find(name);
                if (certificate == null) {
                    throw new IOException("unrecognized_name");
                }
                return certificate.leaf();
            });
        });
        sweepSoon();
    }

    /** In good order; what is in flight is resumed by the next life. */
    void stop() {
        act(renewals::close);
        bury();
    }

    /** Runs something of the process in the world, and looks at what came of it. */
    private void act(Runnable something) {
        if (dead) {
            return;
        }
        try {
            something.run();
        } catch (ProcessDied e) {
            if (!dead) {
                throw new IllegalStateException("a living process that died", e);
            }
        }
        machine.looked(this);
    }

    private void sweepSoon() {
        if (dead || machine.defect() == Defect.DEAF || machine.defect() == Defect.NO_RETRY) {
            return;
        }
        if (sweep != null) {
            sweep.callOff();
        }
        Duration gap = isBusy() ? SWEEP : Duration.ofSeconds(60 + random.nextLong(IDLE_SWEEP.toSeconds()));
        sweep = world.plan(gap, this::sweep);
    }

    /** Called by an event. */
    void sweep() {
        act(renewals::sweep);
        sweepSoon();
    }

    @Override
    public void at(String site, Instant when) {
        if (!dead) {
            wishes.put(site, when);
            arm(site, when);
        }
    }

    private void arm(String site, Instant when) {
        Event before = wakeUps.remove(site);
        if (before != null) {
            before.callOff();
        }
        // As long as it takes by our clock; Quartz fires a little late, see Schedule.
        Duration wait = Duration.between(machine.clock().instant(), when).plusMillis(3);
        wakeUps.put(site, world.plan(wait, () -> {
            wishes.remove(site);
            if (!isDeafTo(site)) {
                act(() -> renewals.wake(site));
            }
            sweepSoon();
        }));
    }

    /** The clock of the machine was set; the process notices soon. */
    void clockWasSet() {
        Map.copyOf(wishes).forEach(this::arm);
        world.after(Duration.ofSeconds(random.nextInt(10)), () -> {
            act(renewals::clockWasSet);
            sweepSoon();
        });
    }

    /** The next sweep makes good for them, within the minute. */
    void loseWakeUps() {
        wakeUps.values().forEach(Event::callOff);
        wishes.forEach((site, when) -> {
            Duration wait = Duration.between(machine.clock().instant(), when).plusSeconds(random.nextInt(60));
            wakeUps.put(site, world.plan(wait, this::sweep));
        });
    }
}
