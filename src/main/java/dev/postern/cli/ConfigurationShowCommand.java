package dev.postern.cli;

import dev.postern.config.describe.ConfigurationText;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "show",
        header = "Print the configuration with what it includes and what the environment says.",
        description = {
            "Every value is spelled in one way: durations and sizes in their largest unit, names as in the DNS, one of a list as a"
                    + " list, paths from the root. Postern reads the same configuration from it.",
            "Secrets are not shown: each is a name, $${REDACTED_1} and so on, that has to be in the environment of whoever reads it;"
                    + " one that the file takes from the environment keeps its name.",
            "With problems it prints these, as \"postern check\" does, and ends with 78."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern config show -c /etc/postern/postern.yaml",
            "  postern config show --defaults | less",
            "  postern config show --json | jq .backends"
        })
final class ConfigurationShowCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final ConfigurationOption configuration;

    @Option(names = "--defaults", description = "Say also what stands where the file says nothing.")
    private boolean withDefaults;

    @Option(names = "--json", description = "As JSON.")
    private boolean asJson;

    ConfigurationShowCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.configuration = new ConfigurationOption(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems {
        ConfigurationText text =
                ConfigurationText.of(configuration.orDefault(), configuration.surroundings(), withDefaults);
        console.out().println(asJson ? text.json() : text.yaml().stripTrailing());
        return ExitCode.OK;
    }
}
