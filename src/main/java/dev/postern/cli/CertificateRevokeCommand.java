package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.ConfigurationProblems;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.control.ControlledSites;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "revoke",
        header = "Revoke the certificate of a site, and order another one.",
        description = {"For a key that leaked use rekey: it keeps the site served all the while."},
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern cert revoke example.com --reason superseded",
            "  postern cert revoke example.com --reason cessation-of-operation --yes"
        })
final class CertificateRevokeCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options = new CareOptions();

    @Parameters(paramLabel = "SITE", description = "The first of the site's names.")
    private String site = "";

    @Option(
            names = "--reason",
            paramLabel = "REASON",
            required = true,
            description = "unspecified, key-compromise, affiliation-changed, superseded or cessation-of-operation.")
    private String reason = "";

    @Option(
            names = "--serial",
            paramLabel = "SERIAL",
            description = "Not what is served, but the older certificate with this serial; nothing is ordered then.")
    private String serial = "";

    @Option(names = "--yes", description = "Do not ask.")
    private boolean sure;

    CertificateRevokeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        ReadConfiguration read = options.read();
        try {
            new ControlledSites(read.config().sites()).find(site);
        } catch (ControlFailure e) {
            throw new CommandFailed(e.exitCode(), String.valueOf(e.getMessage()));
        }
        if (!sure) {
            java.io.Console terminal = Terminal.console();
            if (terminal == null) {
                throw new CommandFailed(
                        ExitCode.USAGE,
                        "a certificate that is revoked stays revoked, and there is no terminal to ask at; --yes says so");
            }
            if (!Terminal.confirms(
                    terminal,
                    "Revoke " + (serial.isEmpty() ? "the certificate" : "certificate " + serial) + " of " + site
                            + ", for good?")) {
                throw new CommandFailed(ExitCode.NO, site + ": nothing is revoked");
            }
        }
        ControlRequest request = ControlRequest.of("revoke").with("site", site).with("reason", reason);
        if (!serial.isEmpty()) {
            request.with("serial", serial);
        }
        JsonObject result = Errand.run(read, true, request, console);
        options.print(console, result, json -> Outcome.print(console, List.of(json)));
        return ExitCode.OK;
    }
}
