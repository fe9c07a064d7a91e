package dev.postern.cli;

import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The {@code -c} of the commands that read the configuration. */
final class ConfigurationOption {
    static final String DESCRIPTION =
            "The configuration; without it, config/postern.yaml or, where that does not exist, /etc/postern/postern.yaml.";

    static final List<Path> LOOKUP = List.of(Path.of("config/postern.yaml"), Path.of("/etc/postern/postern.yaml"));

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = DESCRIPTION)
    private @Nullable Path file;

    static final String ENVIRONMENT_DESCRIPTION =
            "Variables for $${NAME} in the configuration that this process has not:"
                    + " lines of NAME=VALUE, as EnvironmentFile= of systemd has them.";

    @Option(names = "--env-file", paramLabel = "FILE", description = ConfigurationOption.ENVIRONMENT_DESCRIPTION)
    private @Nullable Path environmentFile;

    private final Surroundings process;

    /** @param process of which the variables of {@code --env-file} are added */
    ConfigurationOption(Surroundings process) {
        this.process = process;
    }

    Path orDefault() throws CommandFailed {
        return orDefault(file, LOOKUP);
    }

    /** What the command is run in. */
    Surroundings surroundings() throws ConfigurationProblems {
        return process.with(environmentFile);
    }

    static Path orDefault(@Nullable Path file) throws CommandFailed {
        return orDefault(file, LOOKUP);
    }

    /** {@code file}, or else the first of {@code lookup} that exists. */
    static Path orDefault(@Nullable Path file, List<Path> lookup) throws CommandFailed {
        if (file != null) {
            return file;
        }
        for (Path candidate : lookup) {
            if (Files.exists(candidate)) {
                return candidate;
            }
        }
        String tried = lookup.stream().map(Path::toString).collect(Collectors.joining(" nor "));
        throw new CommandFailed(
                ExitCode.CONFIGURATION, "no configuration: neither " + tried + " exists; name one with -c FILE");
    }
}
