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
            String reason = program + " is not installed; apt-get install " + debianPackage;
            if ("required".equals(System.getenv("POSTERN_REAL"))) {
                Assertions.fail(reason);
            }
            Assumptions.abort(reason);
        }
        return found.get();
    }

    private static Optional<Path> find(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
