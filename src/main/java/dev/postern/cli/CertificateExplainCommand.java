package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.ConfigurationProblems;
import dev.postern.control.ControlRequest;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "explain",
        header = "Say in words what is going to happen to a site, and why.",
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert explain example.com"})
final class CertificateExplainCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options = new CareOptions();

    @Parameters(paramLabel = "SITE", description = "The first of the site's names.")
    private String site = "";

    CertificateExplainCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        ControlRequest request = ControlRequest.of("explain").with("site", site);
        JsonObject result = Errand.run(options.read(), false, request, console);
        options.print(console, result, json -> CareOptions.texts(json, "lines").forEach(console.out()::println));
        return ExitCode.OK;
    }
}
