package dev.postern.cli;

import dev.postern.app.Versions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;

@Command(
        name = "version",
        header = "Print the versions of Postern, the JDK, Netty, the TLS library, and the transport.",
        footerHeading = "%nExamples:%n",
        footer = "  postern version")
final class VersionCommand implements Callable<Integer>, IVersionProvider {
    private final Console console;
    private final Supplier<List<String>> network;

    @Mixin
    final HelpOption help = new HelpOption();

    /** @param network the lines about Netty, the TLS library and the transport; asked for only when printed */
    VersionCommand(Console console, Supplier<List<String>> network) {
        this.console = console;
        this.network = network;
    }

    @Override
    public Integer call() {
        lines().forEach(console.out()::println);
        return ExitCode.OK;
    }

    @Override
    public String[] getVersion() {
        return lines().toArray(new String[0]);
    }

    private List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("Postern " + Versions.own());
        lines.add("JDK " + Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
        lines.addAll(network.get());
        return lines;
    }
}
