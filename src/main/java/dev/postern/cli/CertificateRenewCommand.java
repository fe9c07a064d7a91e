package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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
final class CertificateRenewCommand extends ErrandCommand {
    @Parameters(paramLabel = "SITE", arity = "0..1", description = "The first of the site's names.")
    private @Nullable String site;

    @Option(names = "--all", description = "Every site that gets its certificate from an issuer.")
    private boolean all;

    @Option(names = "--force", description = "Whatever the CA said before, and whatever is left of its rate limits.")
    private boolean force;

    @Option(names = "--dry-run", description = "Rehearse it at the CA's staging directory; install nothing.")
    private boolean rehearsal;

    CertificateRenewCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, true);
    }

    @Override
    ControlRequest request() throws WrongUsage {
        if (all && site != null) {
            throw new WrongUsage("--all means every site, and \"" + site + "\" is one (expected: one or the other)");
        }
        if (force && rehearsal) {
            throw new WrongUsage(
                    "--dry-run asks no CA for a certificate, so there is nothing to --force (expected: one or the"
                            + " other)");
        }
        ControlRequest request =
                ControlRequest.of("renew").with("all", all).with("force", force).with("dry-run", rehearsal);
        return site == null ? request : request.with("site", site);
    }

    @Override
    void print(JsonObject result) {
        Outcome.print(console, CareOptions.objects(result, "sites"));
    }

    @Override
    int tell(JsonObject result) {
        List<JsonObject> sites = CareOptions.objects(result, "sites");
        Outcome.printFailures(console, sites);
        super.tell(result);
        if (sites.isEmpty()) {
            console.err().println("nothing to renew: no site gets its certificate from an issuer");
        }
        return Outcome.exitCode(sites);
    }
}
