package dev.postern.bench.compare;

import java.util.ArrayList;
import java.util.List;

/** Who may run where: what is measured has a core of its own; what loads it, and the servers behind, have the others. */
record Cores(String measured, String others) {
    static Cores split() {
        int all = Machine.processors();
        if (all < 2) {
            // Works, and says nothing: everybody has the same one.
            return new Cores("0", "0");
        }
        return new Cores(String.valueOf(all - 1), all == 2 ? "0" : "0-" + (all - 2));
    }

    List<String> measured(List<String> command) {
        return pinned(measured, command);
    }

    List<String> others(List<String> command) {
        return pinned(others, command);
    }

    String describe() {
        return "proxies on core %s, load and servers on %s".formatted(measured, others);
    }

    List<String> all(List<String> command) {
        return pinned(others.equals(measured) ? measured : others + "," + measured, command);
    }

    private static List<String> pinned(String cores, List<String> command) {
        List<String> all = new ArrayList<>(List.of("taskset", "-c", cores));
        all.addAll(command);
        return all;
    }
}
