package dev.postern.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to try next, as somebody types it in the folder where the demo was started: paths below that folder as they are from there, all
 * others in full.
 *
 * @param postern how it is called
 * @param http port of the plaintext listener
 * @param https port of the TLS listener
 */
public record ToTry(String postern, Path folder, Path directory, int http, int https) {
    public ToTry {
        folder = folder.toAbsolutePath().normalize();
        directory = directory.toAbsolutePath().normalize();
    }

    public List<String> lines() {
        String config = " -c " + shown(directory.resolve("postern.yaml"));
        return List.of(
                "curl --cacert " + shown(directory.resolve("ca/root.pem")) + " https://localhost:" + https + "/",
                "curl -i http://localhost:" + http + "/",
                postern + " status" + config,
                postern + " server drain demo/blue" + config,
                postern + " server ready demo/blue" + config,
                postern + " explain https://localhost:" + https + "/" + config,
                postern + " cert list" + config);
    }

    public String tokenFile() {
        return shown(tokenFile(directory));
    }

    /** By which operators sign in on the status page. */
    public static Path tokenFile(Path directory) {
        return directory.resolve("admin-token");
    }

    private String shown(Path path) {
        return quoted((path.startsWith(folder) ? folder.relativize(path) : path).toString());
    }

    /**
     * How to call this program from {@code folder}.
     *
     * @param launcher the script that has started us, its links resolved; null where it was none
     * @param search the value of {@code PATH}
     */
    public static String called(@Nullable Path launcher, Path folder, @Nullable String search) {
        if (launcher == null) {
            return "postern";
        }
        for (String place : search == null ? new String[0] : search.split(":", -1)) {
            if (!place.isEmpty() && isSame(folder.resolve(place).resolve("postern"), launcher)) {
                return "postern";
            }
        }
        Path there = folder.toAbsolutePath().normalize();
        return launcher.startsWith(there)
                ? "./" + quoted(there.relativize(launcher).toString())
                : quoted(launcher.toString());
    }

    private static boolean isSame(Path one, Path other) {
        try {
            return Files.isExecutable(one) && Files.isSameFile(one, other);
        } catch (IOException e) {
            return false;
        }
    }

    /** As a shell takes it for one word. */
    static String quoted(String text) {
        return text.matches("[A-Za-z0-9_./:@%+=,-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
