package dev.postern.cli;

import dev.postern.app.ConfiguredStore;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import dev.postern.control.RunRecord;
import dev.postern.control.RunningProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a command works on: the configuration, with the store and the control socket of the daemon that runs with the same
 * file. A command never looks elsewhere than that daemon: where it cannot know, it does not guess.
 *
 * @param isStoreNamed false where the store is where one is by default, and no daemon says that it is there
 */
record ReadConfiguration(Path file, Configuration config, boolean isStoreNamed) {
    /**
     * @throws CommandFailed where it is not certain which store the daemon of the file has
     * @throws ConfigurationProblems with everything that is wrong with the file
     */
    static ReadConfiguration of(Path file, Surroundings surroundings) throws CommandFailed, ConfigurationProblems {
        Configuration read = ConfigurationFile.read(file, surroundings);
        Path absolute = file.toAbsolutePath().normalize();
        List<RunRecord.Word> daemons = RunRecord.of(absolute, RunRecord.folders(surroundings.environment()));
        if (daemons.stream().map(RunRecord.Word::store).distinct().count() > 1) {
            throw new CommandFailed(
                    ExitCode.UNAVAILABLE,
                    file + ": several daemons run with this file, and have different stores: "
                            + daemons.stream()
                                    .map(word -> word.store() + " (process " + word.pid() + ")")
                                    .collect(Collectors.joining(", "))
                            + "; give each a file of its own");
        }
        if (!daemons.isEmpty()) {
            RunRecord.Word word = daemons.get(0);
            return new ReadConfiguration(absolute, read.withStore(word.store(), word.socket()), true);
        }
        ReadConfiguration own =
                new ReadConfiguration(absolute, read, !read.acme().store().equals(surroundings.store()));
        own.requireCertainty();
        return own;
    }

    /** As a daemon would have it that is started now: a store that the file names counts, whatever one runs with. */
    static ReadConfiguration toStart(Path file, Surroundings surroundings) throws CommandFailed, ConfigurationProblems {
        Configuration read = ConfigurationFile.read(file, surroundings);
        return read.acme().store().equals(surroundings.store())
                ? of(file, surroundings)
                : new ReadConfiguration(file.toAbsolutePath().normalize(), read, true);
    }

    /** The one daemon that has left word of the file, unread: it may be wrong, or name what only the daemon's environment has. */
    static Optional<ControlClient> daemonOf(Path file, Surroundings surroundings) throws ControlFailure {
        Path absolute = file.toAbsolutePath().normalize();
        List<RunRecord.Word> daemons = RunRecord.of(absolute, RunRecord.folders(surroundings.environment()));
        return daemons.size() == 1 ? ControlClient.connect(daemons.get(0).socket(), absolute) : Optional.empty();
    }

    private void requireCertainty() throws CommandFailed {
        List<RunningProcess> seen = RunningProcess.serving(file, ConfigurationOption.LOOKUP);
        if (seen.isEmpty() || hasOurStore()) {
            return;
        }
        RunningProcess daemon = seen.get(0);
        throw new CommandFailed(
                ExitCode.UNAVAILABLE,
                file + ": process " + daemon.pid() + " of the user " + daemon.user()
                        + " runs with this file, and does not"
                        + " have the store " + config.acme().store()
                        + ", as far as can be seen (expected: a daemon that is not just starting, its RUNTIME_DIRECTORY"
                        + " /run/postern, or its STATE_DIRECTORY in the environment of this command, or acme.store in the"
                        + " file); nothing done");
    }

    /** Whether a daemon takes commands where we would look for it, or holds the store that we would look into. */
    private boolean hasOurStore() {
        try (ControlClient client = daemon().orElse(null)) {
            return client != null
                    || config.sites().stream().noneMatch(Site::isIssued)
                    || ConfiguredStore.reading(config).isInUse();
        } catch (ControlFailure e) {
            // There is one, which will say itself why it cannot be asked.
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** The daemon, where one runs and takes commands. */
    Optional<ControlClient> daemon() throws ControlFailure {
        return ControlClient.connect(config.acme().controlSocket(), file);
    }
}
