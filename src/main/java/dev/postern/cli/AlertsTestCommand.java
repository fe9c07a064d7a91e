package dev.postern.cli;

import dev.postern.app.AlertTest;
import dev.postern.config.Alerts;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "test",
        header = "Send a message by every way that alerts names, and say whether it got there.",
        description = {
            "Reads the configuration and sends from here, at once, as the daemon would; whether a daemon runs does not matter.",
            "Ends with 0 where all were taken, and with 1 where one was not, or the configuration has no alerts."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern alerts test", "  postern alerts test -c /etc/postern/postern.yaml"})
final class AlertsTestCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final ConfigurationOption configuration;

    AlertsTestCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.configuration = new ConfigurationOption(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        Path file = configuration.orDefault();
        Alerts alerts =
                ConfigurationFile.read(file, configuration.surroundings()).alerts();
        if (alerts == null) {
            console.err().println(file + ": alerts: there are none (expected: mail, webhooks or both)");
            return ExitCode.NO;
        }
        boolean all = true;
        for (AlertTest.Outcome outcome : AlertTest.run(alerts)) {
            console.out().println(outcome.receiver() + ": " + (outcome.fault() == null ? "sent" : outcome.fault()));
            all &= outcome.fault() == null;
        }
        return all ? ExitCode.OK : ExitCode.NO;
    }
}
