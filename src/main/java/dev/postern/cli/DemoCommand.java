package dev.postern.cli;

import dev.postern.app.CannotStart;
import dev.postern.app.Demo;
import dev.postern.config.Durations;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        header = "Show everything on this machine alone: no root, no internet, no configuration.",
        description = {
            "Starts an ACME CA of its own, two servers and the edge for one site, localhost, all on loopback; gets the"
                    + " certificate over ACME and prints each step. When it says \"ready: https://localhost:PORT/\", open that in a"
                    + " browser: the page stops and starts the servers, shows who answers, holds a WebSocket open, and sees the"
                    + " certificate renewed, every two minutes. The status page is beside it, and the lines below are what to try"
                    + " next, in another terminal. INT (Ctrl-C) stops it."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern demo", "  postern demo --http 18080 --https 18443 --dir /tmp/postern-demo"})
final class DemoCommand implements Callable<Integer> {
    /** An order takes a second or two, and half of the life is left for it. */
    private static final Duration SHORTEST = Duration.ofSeconds(10);

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

    @Option(
            names = "--life",
            paramLabel = "DURATION",
            defaultValue = "4m",
            description =
                    "How long its certificates are good, from 10s on; half of it passes before one is renewed (default: ${DEFAULT-VALUE}).")
    private String life = "4m";

    DemoCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, WrongUsage, InterruptedException {
        Duration certificateLife = Durations.read(life)
                .filter(duration -> duration.compareTo(SHORTEST) >= 0)
                .orElseThrow(() -> new WrongUsage("invalid value for option '--life': \"" + life
                        + "\" (expected: a duration such as 10s, 4m or 6d, at least 10s)"));
        try {
            Demo.run(new Demo.Wish(http, https, directory, certificateLife), console.out());
            return ExitCode.OK;
        } catch (CannotStart e) {
            throw CommandFailed.of(e);
        }
    }
}
