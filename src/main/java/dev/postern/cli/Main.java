package dev.postern.cli;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.postern.app.Ahead;
import dev.postern.app.Versions;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code postern}: finds the command, runs it, and turns however it ends into lines and an exit code. */
@Command(
        name = "postern",
        header = "Postern: a TLS edge terminator that looks after its own certificates.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:ok",
            "1:the answer is no",
            "64:wrong usage",
            "69:cannot bind or reach something",
            "70:a bug in Postern, or a daemon that cannot go on: no memory left, a thread that hangs",
            "78:the configuration is wrong"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern demo                   everything on this machine, to look at",
            "  postern check && postern run   with config/postern.yaml",
            "  postern run --site example.com --to 127.0.0.1:8080 --email ops@example.com"
        })
public final class Main {
    // What every terminal has.
    private static final int HELP_WIDTH = 80;

    /** Ninety for the jars alone, and a few to read files with. */
    private static final long LEAST_DESCRIPTORS = 128;

    /** Sixteen clients as well. */
    private static final long LEAST_TO_SERVE = 256;

    private static final String OPEN_FILES = "Max open files";

    private static final Set<String> MAKING_HANDSHAKES = Set.of("run", "demo", "check");

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and exit.")
    boolean isHelpAsked;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the versions and exit.")
    boolean isVersionAsked;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Show the stack trace of a bug; so does POSTERN_DEBUG=1 in the environment.")
    private boolean isDebugging;

    private final Console console;
    private final Surroundings surroundings;

    private Main(Console console, Map<String, String> environment) {
        this.console = console;
        this.surroundings =
                new Surroundings(environment, Surroundings.ofProcess().installation());
        this.isDebugging = environment.getOrDefault("POSTERN_DEBUG", "").equals("1");
    }

    public static void main(String[] args) {
        leaveLeaksToTests();
        // What the terminal reads; the default charset is UTF-8 from JDK 18 on, whatever the locale says.
        Charset charset = Charset.forName(System.getProperty("native.encoding", "UTF-8"));
        Console console =
                new Console(new PrintWriter(System.out, true, charset), new PrintWriter(System.err, true, charset));
        if (args.length > 0 && args[0].equals("cert")) {
            // What a daemon tells about its listeners is of no interest to who asked for one thing; and what is logged
            // in a simulation has happened to nobody.
            boolean simulates = args.length > 1 && args[1].equals("simulate");
            System.setProperty("org.slf4j.simpleLogger.log.dev.postern", simulates ? "off" : "warn");
        }
        if (args.length > 0 && (args[0].equals("run") || args[0].equals("demo"))) {
            requireDescriptors(console, LEAST_TO_SERVE, "; each client takes two); not started");
        } else {
            requireDescriptors(console, LEAST_DESCRIPTORS, "); nothing done");
        }
        if (args.length > 0 && MAKING_HANDSHAKES.contains(args[0])) {
            Ahead.begin();
        }
        System.exit(run(args, console, System.getenv()));
    }

    /**
     * Netty looks at every 128th buffer for whether it is let go, which takes a stack trace each. That is what tests are for.
     * Whoever looks for a leak says so by the property; before the first class of Netty's.
     */
    private static void leaveLeaksToTests() {
        if (System.getProperty("io.netty.leakDetectionLevel") == null) {
            System.getProperties().putIfAbsent("io.netty.leakDetection.level", "disabled");
        }
    }

    /** First of all: without descriptors no class can be read any more, and nothing says why. */
    private static void requireDescriptors(Console console, long least, String then) {
        long most = mostDescriptors();
        if (most < least) {
            console.err()
                    .println("postern: file descriptors: this process may have " + most
                            + " (expected: LimitNOFILE, or ulimit -n, of at least " + least + then);
            System.exit(ExitCode.UNAVAILABLE);
        }
    }

    /** What the JDK would say, which takes a tenth of what a check takes; that where there is no such file. */
    private static long mostDescriptors() {
        try (Stream<String> limits = Files.lines(Path.of("/proc/self/limits"))) {
            return limits.filter(line -> line.startsWith(OPEN_FILES))
                    .mapToLong(line -> Long.parseLong(
                            line.substring(OPEN_FILES.length()).trim().split(" ", 2)[0]))
                    .findFirst()
                    .orElse(Long.MAX_VALUE);
        } catch (IOException | UncheckedIOException | NumberFormatException e) {
            return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                    ? unix.getMaxFileDescriptorCount()
                    : Long.MAX_VALUE;
        }
    }

    /** Runs one command to its end and returns the exit code. */
    static int run(String[] args, Console console, Map<String, String> environment) {
        Main main = new Main(console, environment);
        try {
            return main.commands(args.length == 0 ? "" : args[0]).execute(args);
        } catch (Throwable e) {
            return main.bug(e);
        } finally {
            console.out().flush();
            console.err().flush();
        }
    }

    /** All there are, for whoever describes them. */
    static CommandLine allCommands() {
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        return new Main(new Console(nowhere, nowhere), Map.of()).commands("");
    }

    /**
     * The one that is asked for, and all where that is none of them: each takes as long as much of what it does.
     *
     * @param asked the first word
     */
    private CommandLine commands(String asked) {
        // picocli gets the real one: it styles its own texts.
        Console plain = console.plain();
        VersionCommand version = new VersionCommand(plain, Versions::lines);
        Map<String, Supplier<Object>> all = new LinkedHashMap<>();
        all.put("run", RunCommand::new);
        all.put("demo", () -> new DemoCommand(plain));
        all.put("check", () -> new CheckCommand(plain, surroundings));
        all.put(
                "config",
                () -> new CommandLine(new ConfigurationCommand())
                        .addSubcommand(new ConfigurationShowCommand(plain, surroundings)));
        all.put("schema", () -> new SchemaCommand(plain));
        all.put("reload", () -> new ReloadCommand(plain, surroundings));
        all.put("status", () -> new StatusCommand(console, plain, surroundings));
        all.put("backend", () -> new BackendCommand(console, plain, surroundings));
        all.put("connections", () -> new ConnectionsCommand(console, plain, surroundings));
        all.put("top", () -> new TopCommand(console, plain, surroundings));
        all.put(
                "server",
                () -> new CommandLine(new ServerCommand())
                        .addSubcommand(new ServerSayCommand.Drain(plain, surroundings))
                        .addSubcommand(new ServerSayCommand.Ready(plain, surroundings))
                        .addSubcommand(new ServerSayCommand.Maintain(plain, surroundings))
                        .addSubcommand(new ServerSayCommand.Weight(plain, surroundings)));
        all.put("explain", () -> new ExplainCommand(plain, surroundings));
        all.put(
                "alerts",
                () -> new CommandLine(new AlertsCommand()).addSubcommand(new AlertsTestCommand(plain, surroundings)));
        all.put("cert", () -> CertificateCommand.commands(plain, surroundings));
        all.put(
                "import",
                () -> new CommandLine(new ImportConfigurationCommand())
                        .addSubcommand(new ImportHaproxyCommand(plain, surroundings))
                        .addSubcommand(new ImportNginxCommand(plain, surroundings))
                        .addSubcommand(new ImportCaddyCommand(plain, surroundings)));
        all.put("version", () -> version);
        all.put("help", CommandLine.HelpCommand::new);
        CommandLine commands = new CommandLine(this);
        Supplier<Object> one = all.get(asked);
        if (one != null && !asked.equals("help")) {
            commands.addSubcommand(one.get());
        } else {
            all.values().forEach(each -> commands.addSubcommand(each.get()));
        }
        commands.getCommandSpec().versionProvider(version);
        return commands.setOut(console.out())
                .setErr(console.err())
                .setUsageHelpWidth(HELP_WIDTH)
                .setParameterExceptionHandler((e, args) -> usage(e))
                .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command));
    }

    private int usage(ParameterException e) {
        CommandLine command = e.getCommandLine();
        if (e.getMessage() != null && e.getMessage().startsWith("Missing required subcommand")) {
            // Who says nothing wants to know what there is to say.
            command.usage(console.out());
            return ExitCode.USAGE;
        }
        String name = command.getCommandSpec().qualifiedName();
        // picocli's own sentences, in the form of ours: one line, lower-case, no "Error:" in front.
        String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("wrong usage");
        String what = message.startsWith("Error: ") ? message.substring("Error: ".length()) : message;
        console.plain().err().println(name + ": " + what.substring(0, 1).toLowerCase(Locale.ROOT) + what.substring(1));
        if (e instanceof UnmatchedArgumentException unmatched) {
            UnmatchedArgumentException.printSuggestions(
                    unmatched, console.plain().err());
        }
        console.plain().err().println("try: " + name + " --help");
        return ExitCode.USAGE;
    }

    private int failed(Exception e, CommandLine command) {
        if (e instanceof ConfigurationProblems problems) {
            problems.lines().forEach(console.plain().err()::println);
            String outcome = command.getCommand() instanceof RunCommand
                    ? "; not started"
                    : command.getCommand() instanceof ReloadCommand ? "; not reloaded" : "";
            console.plain().err().println(problems.getMessage() + outcome);
            return ExitCode.CONFIGURATION;
        }
        if (e instanceof WrongUsage wrong) {
            return usage(new ParameterException(command, String.valueOf(wrong.getMessage())));
        }
        if (e instanceof CommandFailed failed) {
            console.plain().err().println(failed.getMessage());
            return failed.exitCode();
        }
        return bug(e);
    }

    private int bug(Throwable e) {
        console.plain().err().println("postern: bug: " + e + (isDebugging ? "" : "; --debug shows where"));
        if (isDebugging) {
            e.printStackTrace(console.err());
        }
        return ExitCode.BUG;
    }
}
