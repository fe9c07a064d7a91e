package dev.postern.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.app.ConfiguredStore;
import dev.postern.certificate.served.ReachabilityProbe;
import dev.postern.certificate.store.Store;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.disk.DiskFailure;
import dev.postern.dns.Lookup;
import dev.postern.preflight.Finding;
import dev.postern.preflight.Preflight;
import dev.postern.preflight.PreflightReport;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "preflight",
        header = "Look at what an order depends on: DNS, port 80, CAA, the clock.",
        description = {
            "For each name: its A and AAAA records, our own answer fetched back over each of these addresses (while postern"
                    + " run serves), the CAA records; for each CA its directory and its clock. Orders nothing.",
            "Ends with 0, or with 1 where an order would fail: for certain, or as things are now, because no CA or no name server"
                    + " answers (\"unknown\")."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern cert preflight",
            "  postern cert preflight example.com --resolver 1.1.1.1",
            "  postern cert preflight --json"
        })
final class CertificatePreflightCommand implements Callable<Integer> {
    private static final int DNS_PORT = 53;

    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final ConfigurationOption configuration;

    @Parameters(paramLabel = "SITE", arity = "0..*", description = "By any of its names; without one, all sites.")
    private List<String> sites = new ArrayList<>();

    @Option(names = "--json", description = "Print one JSON document.")
    private boolean isJson;

    @Option(
            names = "--resolver",
            paramLabel = "ADDRESS[:PORT]",
            description = "Whom to ask instead of the resolvers of this host, whose view may not be the world's.")
    private @Nullable String resolver;

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            defaultValue = "80",
            description = "Where a CA of your own asks that does not ask at port 80.")
    private int httpPort = 80;

    CertificatePreflightCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.configuration = new ConfigurationOption(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        Configuration config = ReadConfiguration.of(configuration.orDefault(), configuration.surroundings())
                .config();
        Store store = ConfiguredStore.reading(config);
        try {
            boolean isServing = store.isInUse();
            SecureRandom random = new SecureRandom();
            Preflight preflight = new Preflight(
                    lookup(),
                    new ReachabilityProbe(store.probeKey(random).bytes()),
                    Clock.systemUTC(),
                    random,
                    httpPort,
                    443);
            List<PreflightReport> reports =
                    preflight.check(chosen(config), site -> config.acme().issuersFor(site), isServing);
            if (isJson) {
                printJson(reports, isServing);
            } else {
                print(reports, isServing);
            }
            return reports.stream().allMatch(PreflightReport::isGood) ? ExitCode.OK : ExitCode.NO;
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.UNAVAILABLE, DiskFailure.reason(e));
        }
    }

    private Lookup lookup() throws CommandFailed {
        String text = resolver;
        if (text == null) {
            return Lookup.ofSystem(MonotonicClock.SYSTEM);
        }
        int colon = text.lastIndexOf(':');
        boolean hasPort = colon > 0 && (text.indexOf(':') == colon || text.charAt(colon - 1) == ']');
        String host = (hasPort ? text.substring(0, colon) : text).replaceAll("[\\[\\]]", "");
        String port = hasPort ? text.substring(colon + 1) : Integer.toString(DNS_PORT);
        // Only literals: a name would have to be asked for first.
        if (!host.matches("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*") || !port.matches("[0-9]{1,5}")) {
            throw new CommandFailed(
                    ExitCode.USAGE,
                    "--resolver: \"" + text + "\" is no address (expected: such as 1.1.1.1 or [::1]:53)");
        }
        try {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(port));
            return new Lookup(List.of(address), Lookup.DEADLINE, MonotonicClock.SYSTEM);
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailed(
                    ExitCode.USAGE,
                    "--resolver: \"" + text + "\" is no address (expected: such as 1.1.1.1 or [::1]:53)");
        }
    }

    private List<Site> chosen(Configuration config) throws CommandFailed {
        if (sites.isEmpty()) {
            return config.sites();
        }
        List<Site> chosen = new ArrayList<>();
        for (String name : sites) {
            Site found = config.sites().stream()
                    .filter(site -> site.names().contains(name))
                    .findFirst()
                    .orElseThrow(() -> new CommandFailed(
                            ExitCode.USAGE,
                            "\"" + name + "\" is no site (defined: "
                                    + String.join(
                                            ", ",
                                            config.sites().stream()
                                                    .map(Site::name)
                                                    .toList())
                                    + ")"));
            if (!chosen.contains(found)) {
                chosen.add(found);
            }
        }
        return chosen;
    }

    private void print(List<PreflightReport> reports, boolean isServing) {
        for (PreflightReport report : reports) {
            if (report.findings().isEmpty()) {
                console.out().println(report.site() + ": asks no CA beyond this host; nothing to look at");
            }
            report.findings().forEach(console.out()::println);
        }
        if (!isServing && reports.stream().anyMatch(report -> !report.findings().isEmpty())) {
            console.err().println("probe: not tried, no postern run has the store; start it and look again");
        }
    }

    private void printJson(List<PreflightReport> reports, boolean isServing) {
        JsonArray all = new JsonArray();
        for (PreflightReport report : reports) {
            JsonArray findings = new JsonArray();
            for (Finding finding : report.findings()) {
                JsonObject one = new JsonObject();
                one.addProperty("check", finding.check().text());
                one.addProperty("about", finding.about());
                one.addProperty(
                        "verdict",
                        finding.verdict() == Finding.Verdict.CERTAIN
                                ? "certain"
                                : finding.verdict().text());
                one.addProperty("sentence", finding.sentence());
                findings.add(one);
            }
            JsonObject site = new JsonObject();
            site.addProperty("site", report.site());
            site.addProperty("certain", !report.certain().isEmpty());
            site.add("findings", findings);
            all.add(site);
        }
        JsonObject document = new JsonObject();
        document.addProperty("probed", isServing);
        document.add("sites", all);
        console.print(document);
    }
}
