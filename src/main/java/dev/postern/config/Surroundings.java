package dev.postern.config;

import java.nio.file.Path;
import java.util.Map;

/**
 * What a configuration is read by besides its text: what {@code run} and every command beside it must have the same of.
 *
 * @param environment of the process
 * @param installation where Postern itself is
 */
public record Surroundings(Map<String, String> environment, Path installation) {
    /** Where systemd gives a service to keep what it has: {@code StateDirectory=} of systemd.exec(5). */
    private static final String STATE_DIRECTORY = "STATE_DIRECTORY";

    /** Those of this process. */
    public static Surroundings ofProcess() {
        return new Surroundings(System.getenv(), Path.of(System.getProperty("postern.home", "")));
    }

    /** The store of a configuration that names none. Never the working directory of whoever calls. */
    public Path store() {
        String given = environment.getOrDefault(STATE_DIRECTORY, "");
        // Several of them have colons between.
        String first = given.split(":", 2)[0];
        return first.isEmpty() ? installation.resolve("certs") : Path.of(first);
    }
}
