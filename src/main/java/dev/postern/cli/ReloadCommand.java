package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "reload",
        header = "Let the running daemon read its configuration again, and say what has changed.",
        description = {
            "The daemon reads the file that it was started with, and checks it as postern check does. Where everything is"
                    + " right it takes effect at once: what is the same as before is not touched, neither connections nor"
                    + " WebSockets, health, counters or certificates. Else everything stays as it was.",
            "HUP does the same and tells the log. A file that changes is never read by itself.",
            "Ends with 0 once the file is in force, with 78 and one line per problem where it is not, and with 69 where no"
                    + " daemon can be asked."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern reload", "  postern reload -c /etc/postern/postern.yaml", "  systemctl reload postern"})
final class ReloadCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options;

    ReloadCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.options = new CareOptions(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems {
        JsonObject result;
        try (ControlClient daemon = daemon()) {
            result = daemon.run(ControlRequest.of("reload").json(), console.err()::println);
        } catch (ControlFailure e) {
            throw new CommandFailed(e.exitCode(), e.getMessage() + System.lineSeparator() + "not reloaded");
        }
        options.print(console, result, this::print);
        return ExitCode.OK;
    }

    /** Whoever has left word of the file judges it, with the environment that it has; else it says where one would be. */
    private ControlClient daemon() throws CommandFailed, ConfigurationProblems, ControlFailure {
        Optional<ControlClient> known = options.daemon();
        if (known.isPresent()) {
            return known.get();
        }
        ReadConfiguration read = options.read();
        return read.daemon()
                .orElseThrow(() -> new CommandFailed(
                        ExitCode.UNAVAILABLE,
                        read.config().acme().controlSocket()
                                + ": no daemon takes commands here (expected: a running one;"
                                + " kill -HUP reloads one that takes none)"));
    }

    private void print(JsonObject result) {
        List<String> changes = CareOptions.texts(result, "changes");
        List<String> afterRestart = CareOptions.texts(result, "after-restart");
        changes.forEach(console.out()::println);
        afterRestart.forEach(line -> console.out().println(line + ": takes effect with a restart only"));
        if (changes.isEmpty()) {
            console.out().println("nothing changed");
        }
    }
}
