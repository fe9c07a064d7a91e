package dev.postern.cli;

import dev.postern.app.CannotStart;
import dev.postern.app.ConfigurationSource;
import dev.postern.app.Daemon;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "run",
        customSynopsis = {
            "postern run [-c FILE] [--env-file FILE] [--pid-file FILE] [--replace]",
            "       postern run --site NAME[,NAME...] --to HOST:PORT[,...] --email ADDR [--replace]"
        },
        header = "Run the daemon, in the foreground.",
        description = {
            "Serves what the configuration says, and looks after the certificates. TERM or INT: finish what is in flight, at"
                    + " most `grace`, then stop. HUP: read the file again, see postern reload --help. USR1: begin the access log anew."
                    + " USR2: start the program that is installed now with the same arguments, and be replaced by it.",
            "With --replace the daemon that runs with the same configuration serves until this one does, and is not missed:"
                    + " this one gets its listening sockets, the keys of its session tickets and the store. Then it accepts no"
                    + " more, and ends as at TERM. Where this one cannot start, nothing has changed.",
            "Ends with 78 where the configuration is wrong, and with 69 where an address cannot be bound; nothing is half"
                    + " started then. Ends with 70 where it cannot go on: no memory left, or a thread that hangs."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern run",
            "  postern run -c /etc/postern/postern.yaml",
            "  postern run --replace -c /etc/postern/postern.yaml",
            "  postern run --site example.com --to 127.0.0.1:8080 --email ops@example.com"
        })
final class RunCommand implements Callable<Integer> {
    @Mixin
    final HelpOption help = new HelpOption();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = ConfigurationOption.DESCRIPTION)
    private @Nullable Path file;

    @Option(
            names = "--env-file",
            paramLabel = "FILE",
            description = ConfigurationOption.ENVIRONMENT_DESCRIPTION + " Read again with the configuration.")
    private @Nullable Path environmentFile;

    @Option(
            names = "--site",
            split = ",",
            paramLabel = "NAME",
            description = "No file at all: the host names of the only site, with commas between.")
    private @Nullable List<String> names;

    @Option(
            names = "--to",
            split = ",",
            paramLabel = "HOST:PORT",
            description = "The servers its requests go to, with commas between.")
    private @Nullable List<String> servers;

    @Option(
            names = "--email",
            paramLabel = "ADDR",
            description = "Whom Let's Encrypt writes to. Giving it agrees to Let's Encrypt's terms of service.")
    private @Nullable String email;

    @Option(
            names = "--pid-file",
            paramLabel = "FILE",
            description = "Where the number of the process is written once it serves; taken away when it ends.")
    private @Nullable Path pidFile;

    @Option(
            names = "--replace",
            description = "Take over from the daemon that runs with the same configuration, where there is one.")
    private boolean replaces;

    /** From a file, or from the command line; never from both. */
    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException, WrongUsage {
        if (names == null && servers == null && email == null) {
            return runEdge(ConfigurationSource.of(ConfigurationOption.orDefault(file), environmentFile));
        }
        if (environmentFile != null) {
            throw new WrongUsage(
                    "--env-file is for a configuration, and --site, --to and --email stand for one (expected: one or"
                            + " the other)");
        }
        if (file != null) {
            throw new WrongUsage(
                    "--config names a file, --site, --to and --email stand for one (expected: one or the other)");
        }
        if (names == null || servers == null || email == null) {
            List<String> missing = new ArrayList<>();
            if (names == null) {
                missing.add("--site NAME");
            }
            if (servers == null) {
                missing.add("--to HOST:PORT");
            }
            if (email == null) {
                missing.add("--email ADDR");
            }
            throw new WrongUsage("missing " + String.join(" and ", missing)
                    + " (expected: --site, --to and --email together, or none of them)");
        }
        return runEdge(ConfigurationSource.of(ConfigurationFile.forSite(names, servers, email)));
    }

    private int runEdge(ConfigurationSource source) throws CommandFailed, ConfigurationProblems, InterruptedException {
        try {
            Daemon.run(source, pidFile, replaces);
            return ExitCode.OK;
        } catch (CannotStart e) {
            throw CommandFailed.of(e);
        }
    }
}
