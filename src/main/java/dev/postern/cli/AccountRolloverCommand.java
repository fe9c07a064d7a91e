package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "rollover",
        header = "Give the account at an issuer a new key.",
        description = {"Certificates are not touched by it."},
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert account rollover", "  postern cert account rollover letsencrypt"})
final class AccountRolloverCommand extends ErrandCommand {
    @Parameters(paramLabel = "ISSUER", arity = "0..1", description = "As in acme.issuers; without it, every account.")
    private @Nullable String issuer;

    AccountRolloverCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, false);
    }

    @Override
    ControlRequest request() {
        ControlRequest request = ControlRequest.of("account-rollover");
        return issuer == null ? request : request.with("issuer", issuer);
    }

    @Override
    void print(JsonObject result) {
        CareOptions.objects(result, "accounts")
                .forEach(account -> console.out()
                        .println(CareOptions.text(account, "issuer", "?") + ": account "
                                + CareOptions.text(account, "url", "?") + " has a new key"));
    }
}
