package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.ConfigurationProblems;
import dev.postern.control.ControlRequest;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "renew",
        header = "Renew certificates now.",
        description = {
            "SITE: that one, due or not. --all: every site, due or not. Neither: those that are due, but for the ones"
                    + " that wait"
                    + " after a failure or for the CA's limits: these are named, with the time of the next attempt.",
            "--force asks the CA even where it asked us to come back later, or where by our count its rate limits are"
                    + " used up.",
            "--dry-run goes through a whole issuance at the CA's staging directory, for SITE or every site, and"
                    + " installs nothing;"
                    + " the internal CA, which has no staging directory, signs a certificate that is thrown away.",
            "The daemon does it where one runs. Without it this command answers the CA itself, on the addresses in"
                    + " `listeners`."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert renew", "  postern cert renew example.com", "  postern cert renew --all --dry-run"})
final class CertificateRenewCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options = new CareOptions();

    @Parameters(paramLabel = "SITE", arity = "0..1", description = "The first of the site's names.")
    private @Nullable String site;

    @Option(names = "--all", description = "Every site that gets its certificate from an issuer.")
    private boolean all;

    @Option(names = "--force", description = "Whatever the CA said before, and whatever is left of its rate limits.")
    private boolean force;

    @Option(names = "--dry-run", description = "Rehearse it at the CA's staging directory; install nothing.")
    private boolean rehearsal;

    @Spec
    private @Nullable CommandSpec spec;

    CertificateRenewCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        if (all && site != null) {
            throw new ParameterException(
                    Objects.requireNonNull(spec, "spec, which picocli sets").commandLine(),
                    "--all means every site, and \"" + site + "\" is one (expected: one or the other)");
        }
        if (force && rehearsal) {
            throw new ParameterException(
                    Objects.requireNonNull(spec, "spec, which picocli sets").commandLine(),
                    "--dry-run asks no CA for a certificate, so there is nothing to --force (expected: one or the"
                            + " other)");
        }
        ControlRequest request =
                ControlRequest.of("renew").with("all", all).with("force", force).with("dry-run", rehearsal);
        if (site != null) {
            request.with("site", site);
        }
        JsonObject result = Errand.run(options.read(), true, request, console);
        List<JsonObject> sites = CareOptions.objects(result, "sites");
        Outcome.printFailures(console, sites);
        options.print(console, result, json -> Outcome.print(console, sites));
        if (sites.isEmpty()) {
            console.err().println("nothing to renew: no site gets its certificate from an issuer");
        }
        return Outcome.exitCode(sites);
    }
}
