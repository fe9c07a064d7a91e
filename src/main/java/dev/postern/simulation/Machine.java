package dev.postern.simulation;

import dev.postern.config.Site;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ForkJoinPool;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The host: its clock, its disk, its way to the CAs, and what starts the daemon again when it has died. */
final class Machine {
    /** As systemd does with RestartSec. */
    private static final Duration RESTART = Duration.ofSeconds(30);

    /** As with RestartSteps, what cannot start is started less often; days of a disk that refuses would be all starts. */
    private static final int WAITS_SECONDS = 1800;

    private final World world;
    private final Scenario scenario;
    private final List<Site> sites;
    private final WallClock clock;
    private final SimulatedDisk disk;
    private final Path store;
    private final SimulatedNetwork network;
    private final Witness witness;
    private final ForkJoinPool readers;
    private final RandomGenerator random;
    private final Defect defect;
    private final Map<String, Integer> unreachable = new HashMap<>();

    private @Nullable SimulatedProcess process;
    private Duration away = RESTART;

    /**
     * @param store the store on the disk, as no process sees it: nothing goes wrong there
     * @param readers a pool of one thread
     */
    Machine(
            World world,
            Scenario scenario,
            List<Site> sites,
            SimulatedDisk disk,
            Path store,
            SimulatedNetwork network,
            Witness witness,
            ForkJoinPool readers,
            Defect defect) {
        this.world = world;
        this.scenario = scenario;
        this.sites = sites;
        this.clock = new WallClock(world);
        this.disk = disk;
        this.store = store;
        this.network = network;
        this.witness = witness;
        this.readers = readers;
        this.defect = defect;
        this.random = world.random();
    }

    WallClock clock() {
        return clock;
    }

    SimulatedDisk disk() {
        return disk;
    }

    Path store() {
        return store;
    }

    Defect defect() {
        return defect;
    }

    SimulatedNetwork network() {
        return network;
    }

    ForkJoinPool readers() {
        return readers;
    }

    /** Called by an event. */
    void start() {
        if (process != null) {
            return;
        }
        SimulatedProcess next;
        try {
            next = new SimulatedProcess(this, world, sites, scenario);
        } catch (IOException e) {
            world.tell("does not start: " + e.getMessage());
            world.after(RESTART.plusSeconds(random.nextInt(WAITS_SECONDS)), this::start);
            return;
        } catch (ProcessDied e) {
            // Died while opening the store, before anybody knew it.
            world.after(RESTART, this::start);
            return;
        }
        process = next;
        world.tell("started");
        next.start();
        witness.conditionsChanged();
    }

    /** Called by the disk, in the midst of a step. */
    void diedWriting(SimulatedProcess victim) {
        died(victim, disk.powerFails());
    }

    /**
     * Called by whatever killed it, in the midst of it.
     *
     * @param withPower whether the whole machine did
     */
    private void died(SimulatedProcess victim, boolean withPower) {
        victim.die();
        world.after(Duration.ZERO, () -> {
            victim.bury();
            if (withPower) {
                disk.losePower(random);
            }
            if (process == victim) {
                process = null;
                witness.died();
                witness.conditionsChanged();
                world.after(away, this::start);
            }
        });
    }

    /** The process did something: an order ended, or it looked after its sites. */
    void looked(SimulatedProcess at) {
        if (at == process && !at.isDead()) {
            witness.look(at);
        }
    }

    /** What a validator of a CA finds when it comes to a site. */
    Optional<String> validated(String name, String token, String keyAuthorization) {
        SimulatedProcess serving = process;
        if (serving == null) {
            return Optional.of("Fetching http://" + name + ": connection refused");
        }
        if (unreachable.getOrDefault(name, 0) > 0) {
            return Optional.of("Fetching http://" + name + ": timeout during connect (likely firewall problem)");
        }
        return keyAuthorization.equals(serving.challenges().answer(token))
                ? Optional.empty()
                : Optional.of("Fetching http://" + name + ": 404");
    }

    /**
     * Whether a certificate could be had for this site now, as far as the world goes.
     *
     * @param preferred only from the issuer that is asked before all others
     */
    boolean isFavourable(String site, boolean preferred) {
        boolean issuer = scenario.issuers().stream()
                .limit(preferred ? 1 : Long.MAX_VALUE)
                .anyMatch(network::isWilling);
        // Behind by half of the last third, so little of it is seen that nothing can be asked of it; and before
        // something is
        // due no CA is heard that could correct it.
        boolean clockIsRight =
                clock.ahead().negated().compareTo(scenario.lifetime().dividedBy(6)) < 0;
        return issuer
                && clockIsRight
                && process != null
                && !disk.isFull()
                && !disk.isReadOnly()
                && unreachable.getOrDefault(site, 0) == 0;
    }

    /** Lets it happen at its time. */
    void expect(Calamity calamity) {
        world.after(calamity.at(), () -> {
            world.tell("--- " + calamity);
            begin(calamity);
            witness.conditionsChanged();
        });
    }

    private void until(Duration length, Runnable end) {
        world.after(length, () -> {
            end.run();
            witness.conditionsChanged();
        });
    }

    private void begin(Calamity calamity) {
        if (calamity instanceof Calamity.Outage outage) {
            overNetwork(outage.issuer(), outage, outage.length());
        } else if (calamity instanceof Calamity.Refusals refusals) {
            overNetwork(refusals.issuer(), refusals, refusals.length());
        } else if (calamity instanceof Calamity.BadNetwork bad) {
            overNetwork(bad.issuer(), bad, bad.length());
        } else if (calamity instanceof Calamity.WrongDate wrong) {
            overNetwork(wrong.issuer(), wrong, wrong.length());
        } else if (calamity instanceof Calamity.Unreachable site) {
            String name = sites.get(site.site()).name();
            unreachable.merge(name, 1, Integer::sum);
            until(site.length(), () -> unreachable.merge(name, -1, Integer::sum));
        } else if (calamity instanceof Calamity.NameDead dead) {
            List<String> names = sites.get(dead.site()).names();
            String name = names.get(names.size() - 1);
            unreachable.merge(name, 1, Integer::sum);
            until(dead.length(), () -> unreachable.merge(name, -1, Integer::sum));
        } else if (calamity instanceof Calamity.AccountsLost lost) {
            network.inside(lost.issuer(), SimulatedCa::forgetAccounts);
            witness.forgotten(lost.issuer());
        } else if (calamity instanceof Calamity.TermsChanged terms) {
            network.inside(terms.issuer(), SimulatedCa::changeTerms);
            network.begin(terms.issuer(), terms);
            until(terms.length(), () -> {
                // Nobody agrees to what is no longer there: an account that was lost agrees when it is made anew.
                network.inside(terms.issuer(), SimulatedCa::agreeToTerms);
                network.end(terms);
            });
        } else if (calamity instanceof Calamity.ProfileWithdrawn withdrawn) {
            overNetwork(withdrawn.issuer(), withdrawn, withdrawn.length());
        } else if (calamity instanceof Calamity.ClockJump jump) {
            clock.jump(jump.by());
            if (process != null) {
                process.clockWasSet();
            }
        } else if (calamity instanceof Calamity.FullDisk full) {
            disk.full(1);
            until(full.length(), () -> disk.full(-1));
        } else if (calamity instanceof Calamity.ReadOnlyDisk readOnly) {
            disk.readOnly(1);
            until(readOnly.length(), () -> disk.readOnly(-1));
        } else if (calamity instanceof Calamity.Death death) {
            away = death.away();
            if (process != null) {
                died(process, false);
            }
        } else if (calamity instanceof Calamity.DeathAtWrite death) {
            away = death.away();
            disk.deadly(death.nth(), false);
        } else if (calamity instanceof Calamity.PowerLoss loss) {
            away = loss.away();
            if (process != null) {
                died(process, true);
            } else {
                disk.losePower(random);
            }
        } else if (calamity instanceof Calamity.PowerLossAtWrite loss) {
            away = loss.away();
            disk.deadly(loss.nth(), true);
        } else if (calamity instanceof Calamity.Restart && process != null) {
            SimulatedProcess stopping = process;
            process = null;
            stopping.stop();
            start();
        } else if (calamity instanceof Calamity.WakeUpsLost && process != null) {
            process.loseWakeUps();
        }
        if (process != null && random.nextBoolean()) {
            world.after(Duration.ofSeconds(random.nextInt(60)), () -> {
                if (process != null) {
                    process.sweep();
                }
            });
        }
    }

    private void overNetwork(String issuer, Calamity calamity, Duration length) {
        network.begin(issuer, calamity);
        until(length, () -> network.end(calamity));
    }

    /** Called by nobody's event, at the end of the world. */
    void end() {
        SimulatedProcess last = process;
        process = null;
        if (last != null) {
            last.bury();
        }
    }
}
