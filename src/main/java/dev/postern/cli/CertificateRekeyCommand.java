package dev.postern.cli;

import dev.postern.config.read.Surroundings;
import picocli.CommandLine.Command;

@Command(
        name = "rekey",
        header = "For a key that leaked: a new key and certificate, then revoke the old one.",
        description = {"The old certificate is revoked only when clients are seen to get the new one."},
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert rekey example.com"})
final class CertificateRekeyCommand extends SiteCommand {
    CertificateRekeyCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, true, "rekey");
    }
}
