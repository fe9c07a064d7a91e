package dev.postern.cli;

import dev.postern.config.read.Surroundings;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What can be done with certificates by hand; the subcommands do it. */
@Command(
        name = "cert",
        header = "Look after the certificates by hand.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert list", "  postern cert explain example.com", "  postern cert renew example.com"})
final class CertificateCommand {
    @Mixin
    final HelpOption help = new HelpOption();

    /** With all of its subcommands, in the order of their help. */
    static CommandLine commands(Console console, Surroundings surroundings) {
        return new CommandLine(new CertificateCommand())
                .addSubcommand(new CertificateListCommand(console, surroundings))
                .addSubcommand(new CertificatePlanCommand(console, surroundings))
                .addSubcommand(new CertificateExplainCommand(console, surroundings))
                .addSubcommand(new CertificateCheckCommand(console, surroundings))
                .addSubcommand(new CertificateSimulateCommand(console))
                .addSubcommand(new CertificatePreflightCommand(console, surroundings))
                .addSubcommand(new CertificateIssueCommand(console, surroundings))
                .addSubcommand(new CertificateRenewCommand(console, surroundings))
                .addSubcommand(new CertificateRollbackCommand(console, surroundings))
                .addSubcommand(new CertificateRekeyCommand(console, surroundings))
                .addSubcommand(new CertificateRevokeCommand(console, surroundings))
                .addSubcommand(new CommandLine(new ImportCommand())
                        .addSubcommand(new ImportCertbotCommand(console, surroundings)))
                .addSubcommand(new CertificateExportCommand(console, surroundings))
                .addSubcommand(new CommandLine(new AccountCommand())
                        .addSubcommand(new AccountShowCommand(console, surroundings))
                        .addSubcommand(new AccountRolloverCommand(console, surroundings))
                        .addSubcommand(new AccountNewCommand(console, surroundings)));
    }
}
