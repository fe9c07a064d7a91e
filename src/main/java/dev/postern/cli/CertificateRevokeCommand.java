package dev.postern.cli;

import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.control.ControlledSites;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "revoke",
        header = "Revoke the certificate of a site, and order another one.",
        description = {"For a key that leaked use rekey: it keeps the site served all the while."},
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern cert revoke example.com --reason superseded",
            "  postern cert revoke example.com --reason cessation-of-operation --yes"
        })
final class CertificateRevokeCommand extends SiteCommand {
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

    CertificateRevokeCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, true, "revoke");
    }

    @Override
    ControlRequest request() {
        ControlRequest request = super.request().with("reason", reason);
        return serial.isEmpty() ? request : request.with("serial", serial);
    }

    @Override
    void confirm(ReadConfiguration read) throws CommandFailed {
        try {
            new ControlledSites(read.config().certifiedSites()).find(site);
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        }
        if (sure) {
            return;
        }
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
}
