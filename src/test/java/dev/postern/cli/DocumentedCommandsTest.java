package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
