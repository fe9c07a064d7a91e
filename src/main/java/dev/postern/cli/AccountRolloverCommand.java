package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.ConfigurationProblems;
import dev.postern.control.ControlRequest;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "rollover",
        header = "Give the account at an issuer a new key.",
        description = {"Certificates are not touched by it."},
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert account rollover", "  postern cert account rollover letsencrypt"})
final class AccountRolloverCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options = new CareOptions();

    @Parameters(paramLabel = "ISSUER", arity = "0..1", description = "As in acme.issuers; without it, every account.")
    private @Nullable String issuer;

    AccountRolloverCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        ControlRequest request = ControlRequest.of("account-rollover");
        if (issuer != null) {
            request.with("issuer", issuer);
        }
        JsonObject result = Errand.run(options.read(), false, request, console);
        options.print(
                console,
                result,
                json -> CareOptions.objects(json, "accounts")
                        .forEach(account -> console.out()
                                .println(CareOptions.text(account, "issuer", "?") + ": account "
                                        + CareOptions.text(account, "url", "?") + " has a new key")));
        return ExitCode.OK;
    }
}
