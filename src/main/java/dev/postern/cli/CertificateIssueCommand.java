package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlRequest;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "issue",
        header = "Order certificates for the sites that have none.",
        description = {
            "For every site without a valid certificate for all its names, or for those that are named. --force: also where"
                    + " there is a good one.",
            "The daemon does it where one runs. Without it this command answers the CA itself, on the addresses in `listeners`."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert issue", "  postern cert issue example.com --force"})
final class CertificateIssueCommand extends ErrandCommand {
    @Parameters(paramLabel = "SITE", arity = "0..*", description = "The first of a site's names.")
    private List<String> sites = List.of();

    @Option(names = "--force", description = "Order for the sites that are named, whatever they have.")
    private boolean force;

    CertificateIssueCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, true);
    }

    @Override
    ControlRequest request() {
        return ControlRequest.of("issue").with("sites", sites).with("force", force);
    }

    @Override
    void print(JsonObject result) {
        Outcome.print(console, CareOptions.objects(result, "sites"));
    }

    @Override
    int tell(JsonObject result) {
        List<JsonObject> all = CareOptions.objects(result, "sites");
        Outcome.printFailures(console, all);
        super.tell(result);
        return Outcome.exitCode(all);
    }
}
