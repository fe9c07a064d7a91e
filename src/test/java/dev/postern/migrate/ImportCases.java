package dev.postern.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration;
import dev.postern.config.describe.Editor;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** What holds for whatever an import writes, of whichever program's configuration. */
public final class ImportCases {
    private static final List<String> ODD = List.of(
            "{",
            "}",
            ";",
            "\n",
            "\"",
            "'",
            "`",
            "#",
            "\\",
            "$",
            "${",
            "$x",
            "{$X}",
            "{uri}",
            "(",
            ")",
            "*",
            "@",
            "/",
            "//",
            ":",
            " ",
            "\t",
            "é",
            "\u2028",
            "~",
            "^",
            "=",
            ",",
            "[",
            "]",
            "0",
            "99999999999",
            "%",
            "|",
            "?",
            "..",
            "<<X");

    private ImportCases() {}

    /** The names of the files in a folder that end so, in order. */
    public static Stream<String> in(Path folder, String suffix) {
        try (Stream<Path> files = Files.list(folder)) {
            return files
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(suffix))
                    .sorted()
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** As the file beside it says, to the letter; {@code -Dmigrate.write=true} writes that anew. */
    public static void isAsItStands(Path result, Imported imported) throws IOException {
        if (Boolean.getBoolean("migrate.write")) {
            Files.writeString(result, imported.text());
        }
        assertThat(imported.text()).isEqualTo(Files.readString(result));
        passes(imported, "");
    }

    /** @param text what was imported, to be told where it does not pass */
    public static Configuration passes(Imported imported, String text) {
        try {
            assertThat(Editor.marks(imported.text())).as("what an editor marks").isEmpty();
            return ConfigurationFile.parse("result.yaml", imported.text());
        } catch (ConfigurationProblems e) {
            throw new AssertionError(e.lines() + "\n" + text + "\n" + imported.text(), e);
        }
    }

    /** @param name as notes call the file */
    public static void everyLineIsToldOf(String text, String name, Imported imported) {
        List<String> silent = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            boolean isSaid = !line.isEmpty() && !line.startsWith("#") && !line.startsWith("}") && !line.equals("{");
            String where = name + ":" + (i + 1);
            if (isSaid
                    && !imported.carried().contains(where)
                    && !imported.text().contains("# " + where + ": ")) {
                silent.add((i + 1) + ": " + line);
            }
        }
        assertThat(silent)
                .as("lines that nothing came of, and nobody is told of")
                .isEmpty();
    }

    /** Reads a text, or says in one line why not. */
    @FunctionalInterface
    public interface Reader {
        Imported read(String text) throws IOException;
    }

    /** Files with something missing, twice, or in another place are read or refused, and what comes out of them passes. */
    public static void oddTextsAreReadOrRefused(Path folder, String suffix, Reader reader) throws IOException {
        Random random = new Random(5);
        List<String> texts = new ArrayList<>();
        for (String name : in(folder, suffix).toList()) {
            texts.add(Files.readString(folder.resolve(name)));
        }
        for (int round = 0; round < Integer.getInteger("migrate.rounds", 100) * 3; round++) {
            StringBuilder text = new StringBuilder(texts.get(random.nextInt(texts.size())));
            for (int i = 1 + random.nextInt(6); i > 0; i--) {
                int at = random.nextInt(text.length());
                int to = Math.min(text.length(), at + 1 + random.nextInt(12));
                switch (random.nextInt(3)) {
                    case 0 -> text.delete(at, to);
                    case 1 -> text.insert(random.nextInt(text.length()), text.substring(at, to));
                    default -> text.insert(at, ODD.get(random.nextInt(ODD.size())));
                }
            }
            Imported imported;
            try {
                imported = reader.read(text.toString());
            } catch (IOException e) {
                assertThat(e).message().doesNotContain("\n");
                continue;
            } catch (RuntimeException e) {
                throw new AssertionError(text.toString(), e);
            }
            passes(imported, text.toString());
        }
    }
}
