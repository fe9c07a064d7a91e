package dev.postern.cli;

import dev.postern.config.Surroundings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

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

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec mixee;

    Path orDefault() throws CommandFailed {
        return orDefault(file, LOOKUP);
    }

    /** What the command is run in. */
    Surroundings surroundings() {
        return surroundings(mixee);
    }

    static Surroundings surroundings(@Nullable CommandSpec command) {
        CommandSpec root =
                Objects.requireNonNull(command, "command, which picocli sets").root();
        return ((Main) root.userObject()).surroundings();
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
