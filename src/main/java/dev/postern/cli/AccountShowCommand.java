package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlRequest;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine.Command;

@Command(
        name = "show",
        header = "Show the accounts at the issuers, as the CAs give them.",
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert account show", "  postern cert account show --json"})
final class AccountShowCommand extends ErrandCommand {
    AccountShowCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, false);
    }

    @Override
    ControlRequest request() {
        return ControlRequest.of("account-show");
    }

    @Override
    void print(JsonObject result) {
        List<JsonObject> accounts = CareOptions.objects(result, "accounts").stream()
                .filter(account -> !account.has("error"))
                .toList();
        if (accounts.isEmpty()) {
            return;
        }
        Table table = new Table("ISSUER", "STATUS", "ACCOUNT", "CONTACT");
        accounts.forEach(account -> table.row(
                List.of(
                        CareOptions.text(account, "issuer", "?"),
                        CareOptions.text(account, "status", "-"),
                        CareOptions.text(account, "url", "none yet"),
                        String.join(",", CareOptions.texts(account, "contacts"))),
                List.of()));
        table.print(console.out());
    }

    @Override
    int tell(JsonObject result) {
        super.tell(result);
        List<String> errors = CareOptions.objects(result, "accounts").stream()
                .map(account -> CareOptions.text(account, "error"))
                .filter(Objects::nonNull)
                .toList();
        errors.forEach(console.err()::println);
        return errors.isEmpty() ? ExitCode.OK : ExitCode.UNAVAILABLE;
    }
}
