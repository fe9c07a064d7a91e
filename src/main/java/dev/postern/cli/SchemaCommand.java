package dev.postern.cli;

import dev.postern.config.describe.ConfigurationSchema;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "schema",
        header = "Print what a configuration may say, as a JSON Schema for editors.",
        description = {
            "Editors that know it complete keys and words, show what they mean, and mark what Postern would refuse. It marks nothing"
                    + " that Postern takes; what it cannot know (files, names defined elsewhere, what goes together) only"
                    + " \"postern check\" sees.",
            "It is of draft 2020-12, and for editors of draft-07 as well."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern schema > postern.schema.json",
            "  sed -i '1i # yaml-language-server: $schema=./postern.schema.json' postern.yaml"
        })
final class SchemaCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    SchemaCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        console.out().println(ConfigurationSchema.json());
        return ExitCode.OK;
    }
}
