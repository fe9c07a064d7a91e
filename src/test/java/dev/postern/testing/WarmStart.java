package dev.postern.testing;

import dev.postern.cli.ArchivableJar;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * What halves the processor time that a process of Postern needs to start, which is most of what many tests cost: its
 * classes and libraries in one jar, and an archive of them as the JVM has them once it has read them (class-data sharing, JEP 350; an AOT
 * cache where there is such, JEP 514). Made by the first test that starts one, for all processes of this build.
 *
 * @param options for the JVM
 */
record WarmStart(List<String> options, String classPath) {
    private static final Path TARGET = Path.of("target").toAbsolutePath();

    private static final int FEATURE = Runtime.version().feature();

    /** JEP 514: made in one step. */
    private static final boolean IS_AOT = FEATURE >= 25;

    /** Serves one site, and has a certificate for it, as most of them do. */
    private static final String TRAINING = """
            listeners:
              http: { bind: "127.0.0.1:0" }
              https: { bind: "127.0.0.1:0" }
              challenge: { bind: "127.0.0.1:0" }
            acme: { issuers: [internal] }
            sites:
              - { names: [localhost], backend: web }
            backends:
              web: { servers: ["127.0.0.1:9"] }
            """;

    private static final class Made {
        static final WarmStart ONE = make();
    }

    static WarmStart get() {
        return Made.ONE;
    }

    private static WarmStart make() {
        try {
            Path folder = Files.createDirectories(TARGET.resolve("warm-start-" + FEATURE));
            Path jar = folder.resolve("postern.jar");
            Path archive = folder.resolve("archive");
            String classPath = jar.toString();
            // Several processes run tests at a time; closing it lets go of the lock.
            try (FileChannel lock =
                    FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                var unused = lock.lock();
                if (isStale(archive)) {
                    Files.deleteIfExists(archive);
                    Path program = folder.resolve("program.jar");
                    pack(program);
                    ArchivableJar.make(program, TARGET.resolve("lib"), jar);
                    train(classPath, (IS_AOT ? "-XX:AOTCacheOutput=" : "-XX:ArchiveClassesAtExit=") + archive);
                    if (!Files.exists(archive)) {
                        throw new IOException(archive + ": the JVM has not made it");
                    }
                }
            }
            List<String> options = new ArrayList<>();
            options.add((IS_AOT ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + archive);
            // One that does not fit other options of a test is not used, and nobody need know.
            options.add("-Xlog:cds*=off");
            if (IS_AOT) {
                options.add("-Xlog:aot*=off");
            }
            return new WarmStart(List.copyOf(options), classPath);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isStale(Path archive) throws IOException {
        if (!Files.exists(archive)) {
            return true;
        }
        try (Stream<Path> classes = Files.walk(TARGET.resolve("classes"));
                Stream<Path> libraries = Files.walk(TARGET.resolve("lib"))) {
            FileTime made = Files.getLastModifiedTime(archive);
            return Stream.concat(classes, libraries).map(WarmStart::modified).max(Comparator.naturalOrder()).stream()
                    .anyMatch(newest -> newest.compareTo(made) > 0);
        }
    }

    private static FileTime modified(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void pack(Path jar) throws IOException {
        // Files of a folder can be archived only in a jar.
        int code = ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(
                        new PrintStream(System.out, true, StandardCharsets.UTF_8),
                        new PrintStream(System.err, true, StandardCharsets.UTF_8),
                        "--create",
                        "--file",
                        jar.toString(),
                        "-C",
                        TARGET.resolve("classes").toString(),
                        ".");
        if (code != 0) {
            throw new IOException(jar + ": jar ended with " + code);
        }
    }

    private static void train(String classPath, String option) throws IOException {
        // Not among what is built: the path of a socket has 107 bytes at most, and a checkout may be anywhere.
        Path directory = Files.createTempDirectory("postern-training");
        Path file = Files.writeString(directory.resolve("postern.yaml"), TRAINING);
        try (PosternProcess process = PosternProcess.start(
                new WarmStart(List.of(option), classPath), directory, "run", "-c", file.toString())) {
            process.awaitLine("ready:");
            process.terminate();
            process.awaitExit();
        }
        try (Stream<Path> inside = Files.walk(directory)) {
            for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
