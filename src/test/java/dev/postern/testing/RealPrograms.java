package dev.postern.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * Programs of the real world that some tests need. Where one is missing its tests are skipped and say how to get it,
 * unless {@code POSTERN_REAL=required}: then they fail, so that nothing is skipped unnoticed where all should run.
 */
public final class RealPrograms {
    private RealPrograms() {}

    /** Where {@code program} is; ends the test where it is not. */
    public static Path require(String program, String debianPackage) {
        Optional<Path> found = find(program);
        if (found.isEmpty()) {
            missing(program, debianPackage);
        }
        return found.orElseThrow();
    }

    /** Ends the test where a part of a program is not there. */
    public static void requireFile(Path file, String debianPackage) {
        if (!Files.exists(file)) {
            missing(file.toString(), debianPackage);
        }
    }

    private static void missing(String what, String debianPackage) {
        String reason = what + " is not installed; apt-get install " + debianPackage;
        if ("required".equals(System.getenv("POSTERN_REAL"))) {
            Assertions.fail(reason);
        }
        Assumptions.abort(reason);
    }

    private static Optional<Path> find(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
