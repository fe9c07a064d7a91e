package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What the documentation says of commands, compared with the commands. */
class DocumentedCommandsTest {
    /** A command line in text, or in a block by itself. */
    private static final Pattern LINE = Pattern.compile("(?m)(?:`|^    )(?:\\./)?postern ((?:[a-z]|--)[^`\\n]*)");

    private static final Pattern OPTION =
            Pattern.compile("(?<=[ \\[])(--[a-z0-9][a-z0-9-]*|-[a-zA-Z])(?=[\\s=,\\[\\]]|$)");

    /** Other programs of command lines, and who tries them; a line of another one has to be tried by somebody first. */
    private static final Map<String, String> PROGRAMS = Map.of(
            "./mvnw", "builds what is tested here; src/package/prove tries the packages",
            "tsig-keygen", "appends to /etc; BindServer has such a key",
            "nft", "needs root, and changes the firewall of the machine",
            "socat", "asks a daemon in /var/lib; ControlSocketTest asks one of its own",
            "printf", "of the shell");

    /** Blocks of the text that are no command lines: what they begin with, and what that is. */
    private static final Map<String, String> SHOWN = Map.of(
            "site         app.example.com", "what postern explain prints",
            "client ─► listener", "a drawing",
            "reload: sites: + new.example.com", "a line of the log");

    @Test
    void everyCommandIsDocumented() throws IOException {
        String docs = docs();
        List<String> missing = new ArrayList<>();
        collect(Main.allCommands(), "", missing);

        missing.removeIf(command -> Pattern.compile(
                        "postern " + command.replace(" ", "[ a-z\\\\|]* (?:[a-z\\\\|]*\\|)?") + "\\b")
                .matcher(docs)
                .find());

        assertThat(missing).isEmpty();
    }

    @Test
    void everyCommandAndOptionThatIsDocumentedIsThere() throws IOException {
        List<String> unknown = new ArrayList<>();
        Matcher line = LINE.matcher(docs());
        int seen = 0;
        while (line.find()) {
            String said = line.group(1).replaceFirst("( {2,}| )#.*", "");
            CommandLine command = Main.allCommands();
            for (String word : Pattern.compile("[ \\\\|…]+").splitAsStream(said).toList()) {
                CommandLine next = command.getSubcommands().get(word);
                if (next == null) {
                    break;
                }
                command = next;
            }
            if (command.getParent() == null) {
                unknown.add(said);
            }
            Matcher option = OPTION.matcher(" " + said);
            while (option.find()) {
                if (command.getCommandSpec().findOption(option.group(1)) == null) {
                    unknown.add(said + ": " + option.group(1));
                }
            }
            seen++;
        }

        assertThat(unknown).isEmpty();
        assertThat(seen).isGreaterThan(30);
    }

    /** A line as it is typed, in a block by itself; what {@code postern} is told is looked at above. */
    @Test
    void everyOtherCommandLineIsOneOfAShell() throws Exception {
        Set<String> used = new TreeSet<>();
        List<String> wrong = new ArrayList<>();
        for (String line : commandLines()) {
            String typed = line.replace("…", "x");
            wrong.addAll(faults(typed));
            for (String command : typed.replaceAll("'[^']*'|(?<!\\S)#.*", "").split("\\|", -1)) {
                String program = command.strip().split("\\s+", 2)[0];
                if (!program.matches("(\\./)?postern|")) {
                    used.add(program);
                }
            }
        }

        assertThat(wrong).isEmpty();
        assertThat(used).isEqualTo(new TreeSet<>(PROGRAMS.keySet()));
    }

    @Test
    void exitCodesAreThoseThatThereAre() throws IOException {
        List<Integer> documented = Pattern.compile("(?m)^\\| ([0-9]+) \\| ")
                .matcher(Files.readString(Path.of("docs/commands.md")))
                .results()
                .map(row -> Integer.valueOf(row.group(1)))
                .toList();

        assertThat(documented)
                .containsExactly(0, 1, ExitCode.USAGE, ExitCode.UNAVAILABLE, ExitCode.BUG, ExitCode.CONFIGURATION);
    }

    /** Those that do something themselves; a group is documented by what is in it. */
    private static void collect(CommandLine command, String path, List<String> into) {
        command.getSubcommands().forEach((name, sub) -> {
            String full = (path + " " + name).strip();
            if (sub.getCommandSpec().usageMessage().hidden() || name.equals("help")) {
                return;
            }
            if (sub.getSubcommands().isEmpty()) {
                into.add(full);
            } else {
                collect(sub, full, into);
            }
        });
    }

    /** Of blocks that are indented or fenced; where one has prompts, what is behind them, and the rest is answers. */
    private static List<String> commandLines() throws IOException {
        List<String> lines = new ArrayList<>();
        Set<String> shown = new TreeSet<>();
        String text = Pattern.compile("(?ms)^```(\\S*)\\n(.*?)^```$")
                .matcher(docs())
                .replaceAll(fence -> fence.group(1).equals("yaml")
                        ? ""
                        : Matcher.quoteReplacement("\n" + fence.group(2).indent(4)));
        Matcher block = Pattern.compile("(?m)(?<=\\n\\n)(?:    .*\\n)+").matcher(text);
        while (block.find()) {
            List<String> typed = block.group().lines().map(String::strip).toList();
            boolean prompts = typed.get(0).startsWith("$ ");
            Optional<String> known =
                    SHOWN.keySet().stream().filter(typed.get(0)::startsWith).findFirst();
            known.ifPresent(shown::add);
            if (known.isEmpty()) {
                typed.stream()
                        .filter(line -> !prompts || line.startsWith("$ "))
                        .map(line -> prompts ? line.substring(2) : line)
                        .forEach(lines::add);
            }
        }
        assertThat(shown).isEqualTo(new TreeSet<>(SHOWN.keySet()));
        assertThat(lines).hasSizeGreaterThan(10);
        return lines;
    }

    /** What a shell says to a line that it only reads. */
    private static List<String> faults(String line) throws IOException, InterruptedException {
        Process shell = new ProcessBuilder("bash", "-n", "-c", line)
                .redirectErrorStream(true)
                .start();
        String said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return shell.waitFor() == 0 && said.isEmpty() ? List.of() : List.of(line + ": " + said);
    }

    private static String docs() throws IOException {
        StringBuilder all = new StringBuilder(Files.readString(Path.of("README.md")));
        try (Stream<Path> pages = Files.list(Path.of("docs"))) {
            for (Path page : pages.filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList()) {
                all.append('\n').append(Files.readString(page));
            }
        }
        return all.toString();
    }
}
