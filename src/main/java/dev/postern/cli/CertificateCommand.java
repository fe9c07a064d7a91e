package dev.postern.cli;

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
    static CommandLine commands(Console console) {
        return new CommandLine(new CertificateCommand())
                .addSubcommand(new CertificateListCommand(console))
                .addSubcommand(new CertificatePlanCommand(console))
                .addSubcommand(new CertificateExplainCommand(console))
                .addSubcommand(new CertificateCheckCommand(console))
                .addSubcommand(new CertificateSimulateCommand(console))
                .addSubcommand(new CertificatePreflightCommand(console))
                .addSubcommand(new CertificateIssueCommand(console))
                .addSubcommand(new CertificateRenewCommand(console))
                .addSubcommand(new CertificateRollbackCommand(console))
                .addSubcommand(new CertificateRekeyCommand(console))
                .addSubcommand(new CertificateRevokeCommand(console))
                .addSubcommand(new CommandLine(new ImportCommand()).addSubcommand(new ImportCertbotCommand(console)))
                .addSubcommand(new CertificateExportCommand(console))
                .addSubcommand(new CommandLine(new AccountCommand())
                        .addSubcommand(new AccountShowCommand(console))
                        .addSubcommand(new AccountRolloverCommand(console))
                        .addSubcommand(new AccountNewCommand(console)));
    }
}
