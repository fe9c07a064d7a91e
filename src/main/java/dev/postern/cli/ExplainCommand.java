package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.app.Explanations;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "explain",
        header = "Say what would become of a request, or why one ended as it did.",
        description = {
            "With a URL: which listener it comes to, which certificate is shown, which site and route take it and why not the"
                    + " others, who is let in, which servers may get it, and what they are sent. Nothing is sent.",
            "With --last or --id: how requests ended that are over, out of the last ones that the daemon keeps in memory"
                    + " (256 for each core).",
            "The running daemon is asked; where none runs, or with --file-only, the configuration alone."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern explain https://example.com/api/users?x=1",
            "  postern explain https://example.com/ --from 10.0.0.7 -H 'Cookie: a=b'",
            "  postern explain --last 5",
            "  postern explain --id 5f0c1d2e00000000001a"
        })
final class ExplainCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options;

    @Parameters(paramLabel = "URL", arity = "0..1", description = "What is asked for; https:// may be left out.")
    private @Nullable String url;

    @Option(names = "--from", paramLabel = "ADDR", description = "Whose request it is; 127.0.0.1 unless said.")
    private @Nullable String from;

    @Option(
            names = {"-X", "--method"},
            paramLabel = "METHOD",
            description = "GET unless said.")
    private @Nullable String method;

    @Option(
            names = {"-H", "--header"},
            paramLabel = "LINE",
            description = "A header that the client sends, such as 'Accept: text/html'; may be given several times.")
    private List<String> headers = new ArrayList<>();

    @Option(
            names = "--listener",
            paramLabel = "NAME",
            description = "Which listener it comes in by; the one at the port unless said.")
    private @Nullable String listener;

    @Option(names = "--last", paramLabel = "N", description = "The last N requests that are over.")
    private @Nullable Integer last;

    @Option(names = "--id", paramLabel = "ID", description = "The request of this id: that of the access log.")
    private @Nullable String id;

    @Option(names = "--file-only", description = "Ask no daemon: what would be if the file were in force.")
    private boolean fileOnly;

    ExplainCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.options = new CareOptions(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, WrongUsage {
        boolean isOver = last != null || id != null;
        if (isOver == (url != null) || (last != null && id != null)) {
            throw new WrongUsage("expected: one of a URL, --last N and --id ID");
        }
        if (isOver && fileOnly) {
            throw new WrongUsage("--file-only: of requests that are over only a daemon knows");
        }
        if (last != null && last < 1) {
            throw new WrongUsage("--last: " + last + " (expected: 1 or more)");
        }
        JsonObject result;
        try {
            result = isOver ? ended() : asked();
        } catch (ControlFailure e) {
            throw new CommandFailed(e.exitCode(), String.valueOf(e.getMessage()));
        }
        options.print(console, result, this::print);
        return ExitCode.OK;
    }

    private void print(JsonObject result) {
        CareOptions.texts(result, "lines").forEach(console.out()::println);
    }

    private JsonObject asked() throws CommandFailed, ConfigurationProblems, ControlFailure {
        ControlRequest request = ControlRequest.of("explain-request").with("url", String.valueOf(url));
        if (from != null) {
            request.with("from", from);
        }
        if (method != null) {
            request.with("method", method);
        }
        if (listener != null) {
            request.with("listener", listener);
        }
        request.with("headers", headers);
        if (!fileOnly) {
            try (ControlClient daemon = daemon().orElse(null)) {
                if (daemon != null) {
                    return daemon.run(request.json(), console.err()::println);
                }
            }
        }
        return Explanations.of(options.read().config(), request.json());
    }

    private JsonObject ended() throws CommandFailed, ConfigurationProblems, ControlFailure {
        ControlRequest request = ControlRequest.of("explain-ended");
        if (id != null) {
            request.with("id", id);
        } else {
            request.with("last", String.valueOf(last));
        }
        try (ControlClient daemon = daemon().orElse(null)) {
            if (daemon == null) {
                throw new CommandFailed(ExitCode.UNAVAILABLE, "no daemon takes commands (expected: a running one)");
            }
            return daemon.run(request.json(), console.err()::println);
        }
    }

    private Optional<ControlClient> daemon() throws CommandFailed, ConfigurationProblems, ControlFailure {
        Optional<ControlClient> known = options.daemon();
        return known.isPresent() ? known : options.read().daemon();
    }
}
