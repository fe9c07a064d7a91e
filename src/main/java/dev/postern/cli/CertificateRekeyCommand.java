package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.ConfigurationProblems;
import dev.postern.control.ControlRequest;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "rekey",
        header = "For a key that leaked: a new key and certificate, then revoke the old one.",
        description = {"The old certificate is revoked only when clients are seen to get the new one."},
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert rekey example.com"})
final class CertificateRekeyCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options = new CareOptions();

    @Parameters(paramLabel = "SITE", description = "The first of the site's names.")
    private String site = "";

    CertificateRekeyCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        ControlRequest request = ControlRequest.of("rekey").with("site", site);
        JsonObject result = Errand.run(options.read(), true, request, console);
        options.print(console, result, json -> Outcome.print(console, List.of(json)));
        return ExitCode.OK;
    }
}
