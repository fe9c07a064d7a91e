package dev.postern.cli;

import dev.postern.config.read.Surroundings;
import picocli.CommandLine.Command;

@Command(
        name = "rollback",
        header = "Serve the certificate before the current one.",
        description = {"Nothing is renewed of its own accord for a day."},
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert rollback example.com"})
final class CertificateRollbackCommand extends SiteCommand {
    CertificateRollbackCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, false, "rollback");
    }
}
