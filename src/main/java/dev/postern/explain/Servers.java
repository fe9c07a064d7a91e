package dev.postern.explain;

import dev.postern.backend.Server;
import dev.postern.balance.Affinity;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Which servers of a backend something may go to, and why not the others. */
final class Servers {
    private Servers() {}

    /**
     * @param isRunning whether their states are known
     * @return whether one would be asked
     */
    static boolean say(Lines lines, LoadBalancer balancer, Affinity affinity, boolean isRunning) {
        Configuration.Backend config = balancer.backend().config();
        List<Server> candidates = balancer.candidates();
        Server home = balancer.belongsTo(affinity);
        lines.say("backend", config.name() + ", " + how(config, home, candidates.size()));
        for (Server server : balancer.backend().servers()) {
            String what = home == server
                    ? "takes it: " + (config.sticky() != null ? "its cookie names it" : "its key leads there")
                    : candidates.contains(server)
                            ? home == null ? "may take it" : "would be next"
                            : why(server, balancer);
            lines.say("backend", "  " + server.name() + ": " + what + "; " + state(server, isRunning));
        }
        if (balancer.waiting() > 0) {
            lines.say("backend", "  " + balancer.waiting() + " wait for room already");
        }
        if (balancer.backend().servers().isEmpty()) {
            lines.say("backend", "  it has no server now");
        }
        return home != null || balancer.asksAny();
    }

    private static String how(Configuration.Backend config, @Nullable Server home, int candidates) {
        String balance = config.balance() instanceof Balance.Plain plain ? plain.text() : "by the hash of a key";
        return home == null && candidates > 1 ? balance + ": one of " + candidates : balance;
    }

    private static String why(Server server, LoadBalancer balancer) {
        if (server.isDraining()) {
            return "gets no new sessions";
        }
        if (server.state() != Server.State.UP) {
            return "is skipped";
        }
        return server.isBackup() && balancer.candidates().stream().anyMatch(other -> !other.isBackup())
                ? "is a backup"
                : "is not asked";
    }

    private static String state(Server server, boolean isRunning) {
        String weight = server.weight() == 1 ? "" : ", weight " + server.weight();
        if (!isRunning) {
            return "state unknown" + weight;
        }
        return server.state().name().toLowerCase(Locale.ROOT) + ", " + server.inFlight() + " under way"
                + (server.hasRoom() ? "" : ", full") + weight;
    }
}
