package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlRequest;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;

/** A command that has one request done, as an {@link Errand}, and prints what came of it. */
abstract class ErrandCommand implements Callable<Integer> {
    final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    final CareOptions options;

    private final boolean answering;

    /** @param answering whether a CA may come and look: without a daemon this process listens then */
    ErrandCommand(Console console, Surroundings surroundings, boolean answering) {
        this.console = console;
        this.options = new CareOptions(surroundings);
        this.answering = answering;
    }

    /** Before anything is read. */
    abstract ControlRequest request() throws WrongUsage;

    /** Asks whoever is there, where what is asked for cannot be undone. */
    void confirm(ReadConfiguration read) throws CommandFailed {}

    /** For people. */
    abstract void print(JsonObject result);

    /** Tells what came of it, and how the command ends. */
    int tell(JsonObject result) {
        options.print(console, result, this::print);
        return ExitCode.OK;
    }

    @Override
    public final Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException, WrongUsage {
        ControlRequest request = request();
        ReadConfiguration read = options.read();
        confirm(read);
        return tell(Errand.run(read, answering, request, console));
    }
}
