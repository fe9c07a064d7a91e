package dev.postern.config.read;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration is read by besides its text: what {@code run} and every command beside it must have the same of.
 *
 * @param environment of the process
 * @param installation where Postern itself is
 * @param environmentFile whose variables are in {@code environment} as well; null for none
 */
public record Surroundings(
        Map<String, String> environment,
        Path installation,
        @Nullable Path environmentFile) {
    /** Where systemd gives a service to keep what it has: {@code StateDirectory=} of systemd.exec(5). */
    private static final String STATE_DIRECTORY = "STATE_DIRECTORY";

    /** With the variables of the process alone. */
    public Surroundings(Map<String, String> environment, Path installation) {
        this(environment, installation, null);
    }

    /** Those of this process. */
    public static Surroundings ofProcess() {
        return new Surroundings(System.getenv(), Path.of(System.getProperty("postern.home", "")));
    }

    /**
     * With the variables of a file as well; of those that the process has, too, the process has the last word.
     *
     * @param file null for none
     * @throws ConfigurationProblems where it cannot be read, or has something else in it
     */
    public Surroundings with(@Nullable Path file) throws ConfigurationProblems {
        if (file == null) {
            return this;
        }
        Map<String, String> both = new HashMap<>(EnvironmentFile.read(file));
        both.putAll(environment);
        return new Surroundings(both, installation, file);
    }

    /** The store of a configuration that names none. Never the working directory of whoever calls. */
    public Path store() {
        String given = environment.getOrDefault(STATE_DIRECTORY, "");
        // Several of them have colons between.
        String first = given.split(":", 2)[0];
        return first.isEmpty() ? installation.resolve("certs") : Path.of(first);
    }
}
