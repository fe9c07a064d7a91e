package dev.postern.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.app.ConfiguredStore;
import dev.postern.certificate.care.OverdueSite;
import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.time.TimeText;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "check",
        header = "Say which sites need somebody's eye; silent where none does.",
        description = {
            "For cron: ends with 1 and one line per site whose certificate is missing, expired, unreadable, or so long due for"
                    + " renewal that something is wrong. Reads the store alone: needs neither the daemon nor its lock."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern cert check",
            "  postern cert check --warn 0.25",
            "  postern cert check -c /etc/postern/postern.yaml || page-somebody"
        })
final class CertificateCheckCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options;

    @Option(
            names = "--warn",
            paramLabel = "FRACTION",
            defaultValue = "0.5",
            description = "Of the time from the renewal to the end of a certificate, how much may pass (default: 0.5).")
    private double fraction;

    CertificateCheckCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.options = new CareOptions(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, WrongUsage {
        // Not a number is in no range.
        if (!(fraction >= 0 && fraction <= 1)) {
            throw new WrongUsage(
                    "invalid value for option '--warn': \"" + fraction + "\" (expected: a number from 0 to 1)");
        }
        Configuration config = options.read().config();
        List<OverdueSite> overdue =
                OverdueSite.find(ConfiguredStore.reading(config), config.certifiedSites(), fraction, Instant.now());
        JsonArray all = new JsonArray();
        for (OverdueSite site : overdue) {
            JsonObject one = new JsonObject();
            one.addProperty("site", site.site());
            one.addProperty("problem", site.problem());
            if (site.notAfter() != null) {
                one.addProperty("not-after", TimeText.at(site.notAfter()));
            }
            all.add(one);
        }
        JsonObject result = new JsonObject();
        result.add("overdue", all);
        options.print(
                console,
                result,
                json -> overdue.forEach(site -> console.out().println(site.site() + ": " + site.problem())));
        return overdue.isEmpty() ? ExitCode.OK : ExitCode.NO;
    }
}
