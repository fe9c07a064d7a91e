package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
final class AccountNewCommand extends ErrandCommand {
    @Parameters(
            paramLabel = "ISSUER",
            arity = "0..1",
            description = "As in acme.issuers; needed where several have accounts.")
    private @Nullable String issuer;

    AccountNewCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, false);
    }

    @Override
    ControlRequest request() {
        ControlRequest request = ControlRequest.of("account-new");
        return issuer == null ? request : request.with("issuer", issuer);
    }

    @Override
    void print(JsonObject result) {
        CareOptions.objects(result, "accounts")
                .forEach(account -> console.out()
                        .println(CareOptions.text(account, "issuer", "?") + ": account "
                                + CareOptions.text(account, "url", "?")));
    }
}
