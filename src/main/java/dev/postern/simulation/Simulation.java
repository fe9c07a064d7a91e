package dev.postern.simulation;

import dev.postern.config.Site;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets the real care of certificates, from {@code Renewals} to the ACME client and the files on disk, live through years
 * in a made-up world.
 */
public final class Simulation {
    private final ExecutorService threads;

    /** @param threads as many as are asked for; each world uses one at a time */
    public Simulation(ExecutorService threads) {
        this.threads = threads;
    }

    public Outcome run(Scenario scenario) throws IOException {
        return run(scenario, null);
    }

    /**
     * Simulates until the end of the scenario or the first broken promise.
     *
     * @param history gets every line of it; null where nobody reads it
     */
    public Outcome run(Scenario scenario, @Nullable Consumer<String> history) throws IOException {
        return run(scenario, history, Defect.NONE);
    }

    Outcome run(Scenario scenario, @Nullable Consumer<String> history, Defect defect) throws IOException {
        World world = new World(scenario.seed(), threads, history);
        SimulatedSignatures.enter(world);
        try {
            return live(world, scenario, defect);
        } finally {
            SimulatedSignatures.leave();
        }
    }

    private Outcome live(World world, Scenario scenario, Defect defect) throws IOException {
        List<Site> sites = new ArrayList<>();
        for (int i = 1; i <= scenario.sites(); i++) {
            String name = "site-" + i + ".example";
            // A second name costs as much as half an order: some have one.
            List<String> names = i % 4 == 0 ? List.of(name, "www." + name) : List.of(name);
            sites.add(new Site(names, List.of(), null));
        }
        SimulatedDisk disk = new SimulatedDisk(defect != Defect.NO_SYNC);
        Path store = GatedFileSystem.through(disk, (step, path) -> {}, "/certs");
        Witness witness = new Witness(world, scenario, sites);
        SimulatedNetwork network =
                new SimulatedNetwork(world, witness, scenario.faults().requests());
        ForkJoinPool readers = new ForkJoinPool(1);
        Machine machine = new Machine(world, scenario, sites, disk, store, network, witness, readers, defect);
        witness.watch(machine);
        try {
            for (String issuer : scenario.issuers()) {
                network.add(new SimulatedCa(issuer, true, world, scenario, machine::validated, witness));
                if (scenario.staging()) {
                    String staging = SimulatedCa.staging(issuer);
                    network.add(new SimulatedCa(staging, false, world, scenario, machine::validated, witness));
                }
            }
            scenario.faults().draw(world.random(), scenario).forEach(machine::expect);
            scenario.calamities().forEach(machine::expect);
            machine.start();
            world.run(scenario.span(), witness::isViolated);
            return witness.outcome(network.orders(), network.rehearsals(), network.requests(), network.refused());
        } finally {
            machine.end();
            readers.shutdown();
        }
    }
}
