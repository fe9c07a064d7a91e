package dev.postern.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.config.Durations;
import dev.postern.simulation.Calamity;
import dev.postern.simulation.Calamity.Absence;
import dev.postern.simulation.Faults;
import dev.postern.simulation.Outcome;
import dev.postern.simulation.Scenario;
import dev.postern.simulation.Simulation;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "simulate",
        header = "Show what the care of certificates survives: years of it in seconds.",
        description = {
            "Runs the real care of certificates, its ACME client and its store against two made-up CAs with Let's"
                    + " Encrypt's rate limits, on a made-up clock. Needs no network and no configuration, and touches"
                    + " no file. The same seed shows the same again.",
            "Exit code 1 where a site was without a valid certificate."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern cert simulate",
            "  postern cert simulate --days 800 --lifetime 160h --outage 2d",
            "  postern cert simulate --sites 10 --lifetime 45d --faults many --seed 7"
        })
final class CertificateSimulateCommand implements Callable<Integer> {
    /** More would take hours. */
    private static final int MOST_SITES = 1000;

    private static final int MOST_DAYS = 36_500;

    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Option(
            names = "--days",
            paramLabel = "N",
            defaultValue = "400",
            description = "How many days (default: ${DEFAULT-VALUE}).")
    private int days;

    @Option(
            names = "--sites",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many sites (default: ${DEFAULT-VALUE}).")
    private int sites;

    @Option(
            names = "--lifetime",
            paramLabel = "LIFE",
            defaultValue = "90d",
            description = "How long a certificate lives, such as 90d, 45d or 160h (default: ${DEFAULT-VALUE}).")
    private String lifetime = "90d";

    @Option(
            names = "--outage",
            paramLabel = "TIME",
            description = "Let all CAs be gone for so long, once: from when the first renewal is due.")
    private @Nullable String outage;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "Which of all possible histories (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--faults",
            paramLabel = "none|some|many",
            defaultValue = "none",
            description = "What else goes wrong at random: networks, CAs, disk, clock, crashes (default:"
                    + " ${DEFAULT-VALUE}).")
    private String faults = "none";

    @Option(names = "--json", description = "Print JSON.")
    private boolean isJson;

    CertificateSimulateCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws WrongUsage {
        Scenario scenario = scenario();
        Outcome outcome;
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            outcome = new Simulation(threads).run(scenario);
        } catch (IOException e) {
            throw new IllegalStateException("a simulated disk that fails outside of its world", e);
        } finally {
            threads.shutdown();
        }
        if (isJson) {
            console.print(json(outcome));
        } else {
            print(outcome);
        }
        return outcome.gaps().isEmpty() && outcome.violation() == null ? ExitCode.OK : ExitCode.NO;
    }

    private Scenario scenario() throws WrongUsage {
        within("--days", days, MOST_DAYS);
        within("--sites", sites, MOST_SITES);
        Duration life = duration("--lifetime", lifetime);
        // An hour of it is before its issuance, and less leaves no room for a back-off.
        if (life.compareTo(Duration.ofHours(12)) < 0) {
            throw new WrongUsage("--lifetime: " + lifetime + " (expected: at least 12h)");
        }
        Faults level;
        try {
            level = Faults.valueOf(faults.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new WrongUsage("--faults: \"" + faults + "\" (expected: none, some or many)");
        }
        Scenario scenario = Scenario.quiet(seed, life)
                .span(Duration.ofDays(days))
                .sites(sites)
                .with(level);
        if (outage == null) {
            return scenario;
        }
        // Just when the first renewal is due, which is after about two thirds of a life.
        Duration length = duration("--outage", outage);
        long due = life.toSeconds() * (life.toDays() <= 10 ? 48 : 64) / 100;
        return scenario.with(new Calamity.Outage("*", Duration.ofSeconds(due), length, Absence.SILENT));
    }

    private void within(String option, int value, int most) throws WrongUsage {
        if (value < 1 || value > most) {
            throw new WrongUsage(option + ": " + value + " (expected: 1 to " + most + ")");
        }
    }

    private Duration duration(String option, String text) throws WrongUsage {
        return Durations.read(text)
                .orElseThrow(() -> new WrongUsage(option + ": \"" + text + "\" (expected: a time such as 12h or 3d)"));
    }

    private void print(Outcome outcome) {
        Scenario scenario = outcome.scenario();
        line(
                "simulated",
                scenario.span().toDays() + " days of " + scenario.sites() + " site"
                        + (scenario.sites() == 1 ? "" : "s") + ", certificates of "
                        + Durations.text(scenario.lifetime())
                        + ", faults: " + scenario.faults().text() + ", seed " + scenario.seed());
        line(
                "certificates",
                outcome.certificates() + ", from " + outcome.orders() + " orders and " + outcome.requests()
                        + " requests");
        line("restarts", outcome.deaths() + " after a crash");
        line("rate limits", outcome.refused() == 0 ? "never reached" : "reached " + outcome.refused() + " times");
        Duration left = Duration.ofSeconds(
                (long) (outcome.leastLeft() * scenario.lifetime().toSeconds()));
        line(
                "least life left",
                String.format(Locale.ROOT, "%.1f", left.toMinutes() / 1440.0) + " days ("
                        + Math.round(outcome.leastLeft() * 100) + " %)");
        line(
                "longest outage",
                outcome.longestOutage().isZero()
                        ? "none"
                        : days(outcome.longestOutage()) + " without any CA"
                                + (outcome.gaps().isEmpty() ? ", survived" : ""));
        if (outcome.gaps().isEmpty()) {
            line("expired", "never");
        }
        for (Outcome.Gap gap : outcome.gaps()) {
            line(
                    "expired",
                    gap.site() + " on " + seconds(gap.from()) + ", without a certificate for " + days(gap.length()));
        }
        Outcome.Violation violation = outcome.violation();
        if (violation != null) {
            line("a bug", violation.toString());
        }
    }

    private void line(String what, String text) {
        console.out().println(String.format(Locale.ROOT, "%-16s %s", what, text));
    }

    private static String days(Duration duration) {
        return String.format(Locale.ROOT, "%.1f days", duration.toMinutes() / 1440.0);
    }

    private static String seconds(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static JsonObject json(Outcome outcome) {
        Scenario scenario = outcome.scenario();
        JsonObject json = new JsonObject();
        json.addProperty("seed", scenario.seed());
        json.addProperty("days", scenario.span().toDays());
        json.addProperty("sites", scenario.sites());
        json.addProperty("lifetime", Durations.text(scenario.lifetime()));
        json.addProperty("faults", scenario.faults().text());
        json.addProperty("certificates", outcome.certificates());
        json.addProperty("orders", outcome.orders());
        json.addProperty("requests", outcome.requests());
        json.addProperty("crashes", outcome.deaths());
        json.addProperty("rate-limits-reached", outcome.refused());
        json.addProperty("least-life-left", outcome.leastLeft());
        json.addProperty("longest-outage-seconds", outcome.longestOutage().toSeconds());
        JsonArray gaps = new JsonArray();
        for (Outcome.Gap gap : outcome.gaps()) {
            JsonObject one = new JsonObject();
            one.addProperty("site", gap.site());
            one.addProperty("from", gap.from().toString());
            one.addProperty("seconds", gap.length().toSeconds());
            gaps.add(one);
        }
        json.add("gaps", gaps);
        Outcome.Violation violation = outcome.violation();
        if (violation != null) {
            JsonObject bug = new JsonObject();
            bug.addProperty("at", violation.at().toString());
            bug.addProperty("what", violation.what());
            JsonArray past = new JsonArray();
            List.copyOf(violation.past()).forEach(past::add);
            bug.add("past", past);
            json.add("bug", bug);
        }
        return json;
    }
}
