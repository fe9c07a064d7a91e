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
        name = "rollback",
        header = "Serve the certificate before the current one.",
        description = {"Nothing is renewed of its own accord for a day."},
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert rollback example.com"})
final class CertificateRollbackCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options = new CareOptions();

    @Parameters(paramLabel = "SITE", description = "The first of the site's names.")
    private String site = "";

    CertificateRollbackCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        ControlRequest request = ControlRequest.of("rollback").with("site", site);
        JsonObject result = Errand.run(options.read(), false, request, console);
        options.print(console, result, json -> Outcome.print(console, List.of(json)));
        return ExitCode.OK;
    }
}
