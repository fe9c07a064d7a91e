package dev.postern.cli;

import dev.postern.app.CannotStart;
import dev.postern.app.Demo;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        header = "Show everything on this machine alone: no root, no internet, no configuration.",
        description = {
            "Starts an ACME CA of its own, two backends and the edge for one site, localhost, all on loopback; gets the"
                    + " certificate over ACME and prints each step. When it says \"ready: https://localhost:PORT/\", try the"
                    + " curl line below it. INT (Ctrl-C) stops it."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern demo", "  postern demo --http 18080 --https 18443 --dir /tmp/postern-demo"})
final class DemoCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Option(
            names = "--http",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "Port of the plaintext listener (default: ${DEFAULT-VALUE}; 0: any free one).",
            converter = Port.class)
    private int http;

    @Option(
            names = "--https",
            paramLabel = "PORT",
            defaultValue = "8443",
            description = "Port of the TLS listener (default: ${DEFAULT-VALUE}; 0: any free one).",
            converter = Port.class)
    private int https;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "demo",
            description = "Where the CA's root, the account and the certificates are kept (default: ${DEFAULT-VALUE}).")
    private Path directory = Path.of("demo");

    DemoCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, InterruptedException {
        try {
            Demo.run(http, https, directory, console.out());
            return ExitCode.OK;
        } catch (CannotStart e) {
            throw CommandFailed.of(e);
        }
    }
}
