package dev.postern.bench.compare;

import java.util.ArrayList;
import java.util.List;

/**
 * Who may run where.
 *
 * @param measured the one of the proxies, as {@code taskset} takes it
 * @param others those of what loads it, and of the servers behind; the same one where there is no other, and then the figures
 *     mean nothing
 */
record Cores(String measured, String others) {
    List<String> measured(List<String> command) {
        return pinned(measured, command);
    }

    List<String> others(List<String> command) {
        return pinned(others, command);
    }

    List<String> all(List<String> command) {
        return pinned(others + "," + measured, command);
    }

    String describe() {
        return "proxies on core %s, load and servers on %s".formatted(measured, others);
    }

    private static List<String> pinned(String cores, List<String> command) {
        List<String> all = new ArrayList<>(List.of("taskset", "-c", cores));
        all.addAll(command);
        return all;
    }
}
