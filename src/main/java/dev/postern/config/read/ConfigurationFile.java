package dev.postern.config.read;

import dev.postern.config.Configuration;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads {@code postern.yaml}. */
public final class ConfigurationFile {
    private ConfigurationFile() {}

    /**
     * Parses {@code text}, which came from nowhere in particular; messages call it {@code name}. Relative paths in it are
     * resolved against the working directory. Files that it names are looked at; no name is looked up and no address bound.
     *
     * @throws ConfigurationProblems with everything that is wrong, not only the first thing
     */
    public static Configuration parse(String name, String text) throws ConfigurationProblems {
        return parse(name, text, Surroundings.ofProcess());
    }

    /** The same, in other surroundings than those of this process. */
    public static Configuration parse(String name, String text, Surroundings surroundings)
            throws ConfigurationProblems {
        return parse(name, text, surroundings, null);
    }

    /** @param witness who hears how it is read; null for nobody */
    public static Configuration parse(String name, String text, Surroundings surroundings, @Nullable Witness witness)
            throws ConfigurationProblems {
        return parse(new Origin(name, Path.of("")), text, surroundings, witness);
    }

    private static Configuration parse(Origin origin, String text, Surroundings surroundings, @Nullable Witness witness)
            throws ConfigurationProblems {
        return new ConfigurationReader(origin, surroundings, witness).read(text);
    }

    /**
     * Reads and parses a file; a file that cannot be read is a problem like any other. Relative paths in it are resolved
     * against its folder: whoever reads it gets the same, wherever they are.
     */
    public static Configuration read(Path file) throws ConfigurationProblems {
        return read(file, Surroundings.ofProcess());
    }

    public static Configuration read(Path file, Surroundings surroundings) throws ConfigurationProblems {
        return read(file, surroundings, null);
    }

    /** @param witness who hears how it is read; null for nobody */
    public static Configuration read(Path file, Surroundings surroundings, @Nullable Witness witness)
            throws ConfigurationProblems {
        String name = file.toString();
        Path folder = file.toAbsolutePath().normalize().getParent();
        return parse(
                new Origin(name, folder == null ? Path.of("") : folder),
                FileText.of(name, file),
                surroundings,
                witness);
    }

    /**
     * Reads a document that a witness has made up to hear what is asked of it. Looks at no file, and says nothing of what is
     * wrong with it.
     *
     * @param document of mappings, lists and texts; null for an empty value
     */
    public static void explore(Map<String, ? extends @Nullable Object> document, Witness witness) {
        new ConfigurationReader(new Origin("made-up", Path.of("")), new Surroundings(Map.of(), Path.of("")), witness)
                .explore(Documents.node(document));
    }

    /**
     * What {@code postern run --site … --to … --email …} means: one site, one backend, a certificate from Let's Encrypt,
     * and the defaults for the rest. Goes through the same checks as a file.
     *
     * @param names as in {@code sites[].names}
     * @param servers as in {@code backends.*.servers}
     */
    public static Configuration forSite(List<String> names, List<String> servers, String email)
            throws ConfigurationProblems {
        String text = """
                acme: { email: %s, agree-to-terms: true }
                sites: [{ names: %s, backend: web }]
                backends: { web: { servers: %s } }
                """.formatted(quoted(email), quoted(names), quoted(servers));
        try {
            return parse("command line", text);
        } catch (ConfigurationProblems e) {
            throw new ConfigurationProblems(
                    "command line",
                    e.lines().stream().map(ConfigurationFile::asOptions).toList());
        }
    }

    private static String quoted(List<String> texts) {
        return texts.stream().map(ConfigurationFile::quoted).collect(Collectors.joining(", ", "[", "]"));
    }

    // Between single quotes YAML knows one special character only: the quote, which is doubled.
    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    /** The options stand for places of the text above; lines mean nothing to who typed a command. */
    private static String asOptions(String line) {
        return line.replaceFirst("^command line:[0-9]+: ", "command line: ")
                .replaceFirst(": sites\\[0]\\.names(\\[[0-9]+])?: ", ": --site: ")
                .replaceFirst(": backends\\.web\\.servers(\\[[0-9]+])?: ", ": --to: ")
                .replaceFirst(": acme\\.email: ", ": --email: ");
    }
}
