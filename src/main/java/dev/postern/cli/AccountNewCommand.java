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
        name = "new",
        header = "Register another account at an issuer.",
        description = {
            "For an account that the CA has deactivated or revoked: every order uses the new one from then on. Certificates are not",
            "touched by it; the key of the account before is kept beside the new one."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert account new", "  postern cert account new letsencrypt"})
final class AccountNewCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options = new CareOptions();

    @Parameters(
            paramLabel = "ISSUER",
            arity = "0..1",
            description = "As in acme.issuers; needed where several have accounts.")
    private @Nullable String issuer;

    AccountNewCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        ControlRequest request = ControlRequest.of("account-new");
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
                                        + CareOptions.text(account, "url", "?"))));
        return ExitCode.OK;
    }
}
