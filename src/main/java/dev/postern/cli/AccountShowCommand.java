package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.ConfigurationProblems;
import dev.postern.control.ControlRequest;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "show",
        header = "Show the accounts at the issuers, as the CAs give them.",
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert account show", "  postern cert account show --json"})
final class AccountShowCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options = new CareOptions();

    AccountShowCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        JsonObject result = Errand.run(options.read(), false, ControlRequest.of("account-show"), console);
        List<JsonObject> all = CareOptions.objects(result, "accounts");
        options.print(console, result, json -> print(all));
        all.stream()
                .map(account -> CareOptions.text(account, "error"))
                .filter(Objects::nonNull)
                .forEach(console.err()::println);
        return all.stream().anyMatch(account -> account.has("error")) ? ExitCode.UNAVAILABLE : ExitCode.OK;
    }

    private void print(List<JsonObject> accounts) {
        Table table = new Table("ISSUER", "STATUS", "ACCOUNT", "CONTACT");
        accounts.stream()
                .filter(account -> !account.has("error"))
                .forEach(account -> table.row(
                        List.of(
                                CareOptions.text(account, "issuer", "?"),
                                CareOptions.text(account, "status", "-"),
                                CareOptions.text(account, "url", "none yet"),
                                String.join(",", CareOptions.texts(account, "contacts"))),
                        List.of()));
        if (accounts.stream().anyMatch(account -> !account.has("error"))) {
            table.print(console.out());
        }
    }
}
