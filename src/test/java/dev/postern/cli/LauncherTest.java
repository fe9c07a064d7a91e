package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./postern} in a checkout whose build has nothing to do but to take a jar that is there. */
@Tag("long")
class LauncherTest {
    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static final int FEATURE = Runtime.version().feature();
    private static final Path JDK = Path.of(System.getProperty("java.home"));

    @TempDir
    private Path directory;

    private Path checkout;
    private Path built;
    private Path archive;

    /** What was said to whoever typed the command. */
    private record Said(int code, String out, String err) {}

    @BeforeEach
    void checkOut() throws IOException {
        checkout = directory.resolve("check out");
        for (String folder : List.of("src/main", "cron", "target")) {
            Files.createDirectories(checkout.resolve(folder));
        }
        Files.writeString(checkout.resolve("pom.xml"), "<project/>");
        Files.copy(Path.of("postern"), checkout.resolve("postern"));
        Path lib = Files.createDirectory(checkout.resolve("target/lib"));
        List<String> libraries = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(TARGET.resolve("lib"))) {
            for (Path library : all) {
                Files.createSymbolicLink(lib.resolve(library.getFileName()), library);
                libraries.add("lib/" + library.getFileName());
            }
        }
        built = directory.resolve("built.jar");
        pack(built, libraries);
        program(checkout.resolve("mvnw"), "cp '" + built + "' target/postern.jar; echo built");
        archive = checkout.resolve("target/classes-" + FEATURE + "/archive");
        // Who is at the very end of the line may wait for minutes on a busy machine.
        program(directory.resolve("bin/nice"), "shift 2; exec \"$@\"");
    }

    private void pack(Path jar, List<String> libraries) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, String.join(" ", libraries));
        Path written = directory.resolve("MANIFEST.MF");
        try (OutputStream out = Files.newOutputStream(written)) {
            manifest.write(out);
        }
        int code = ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(
                        new PrintStream(System.out, true, StandardCharsets.UTF_8),
                        new PrintStream(System.err, true, StandardCharsets.UTF_8),
                        "--create",
                        "--file",
                        jar.toString(),
                        "--manifest",
                        written.toString(),
                        "-C",
                        TARGET.resolve("classes").toString(),
                        ".");
        assertThat(code).isZero();
    }

    private static void program(Path file, String... lines) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/usr/bin/env bash\n" + String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Said postern(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(checkout.resolve("postern").toString()));
        words.addAll(List.of(arguments));
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(words)
                .directory(directory.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
        builder.environment().put("JAVA_HOME", JDK.toString());
        builder.environment().merge("PATH", directory.resolve("bin").toString(), (path, first) -> first + ":" + path);
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        return new Said(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** A checkout that is updated is built anew where the old build is. */
    @Test
    void librariesOfTheBuildBeforeAnUpdateAreNotUsed() throws Exception {
        Files.copy(built, checkout.resolve("target/lib/bcprov-jdk18on-1.0.jar"));
        Said said = postern(Map.of("POSTERN_JAVA_OPTS", "-XshowSettings:properties"), "version");

        assertThat(said.code()).isZero();
        assertThat(said.err()).contains("java.class.path").doesNotContain("bcprov-jdk18on-1.0.jar");
    }

    @Test
    void afterTheBuildTheClassesAreRememberedForEveryStart() throws Exception {
        Said first = postern(Map.of(), "version");

        assertThat(first.code()).isZero();
        assertThat(first.err().lines()).singleElement().asString().startsWith("postern: building with JDK " + FEATURE);
        awaitEndOfTraining();
        assertThat(archive).as(log()).isRegularFile();
        FileTime made = Files.getLastModifiedTime(archive);

        Path loaded = directory.resolve("loaded");
        Said second = postern(Map.of("POSTERN_JAVA_OPTS", "-Xlog:class+load:file=" + loaded), "version");

        assertThat(second).isEqualTo(new Said(0, first.out(), ""));
        // Of Java 5, signed, and ours: each is there as the JVM has it.
        assertThat(Files.readString(loaded))
                .contains("picocli.CommandLine source: shared objects file")
                .contains("org.bouncycastle.asn1.ASN1Object source: shared objects file")
                .contains("dev.postern.config.PlainText source: shared objects file");
        assertThat(Files.getLastModifiedTime(archive)).isEqualTo(made);

        // None of this is in anybody's way: the archive of another jar, one that was cut, somebody's own.
        Files.setLastModifiedTime(archive.resolveSibling("postern.jar"), FileTime.from(Instant.now()));
        Files.setLastModifiedTime(archive, FileTime.from(Instant.now().plusSeconds(5)));
        assertThat(postern(Map.of(), "version")).isEqualTo(second);
        Files.write(archive, "no archive".getBytes(StandardCharsets.US_ASCII));
        Files.setLastModifiedTime(archive, FileTime.from(Instant.now().plusSeconds(5)));
        assertThat(postern(Map.of(), "version")).isEqualTo(second);
        assertThat(postern(Map.of("POSTERN_JAVA_OPTS", "-Xshare:off"), "version"))
                .isEqualTo(second);
        assertThat(postern(Map.of("POSTERN_JAVA_OPTS", "-XX:+UseParallelGC -XX:-UseCompressedOops"), "version"))
                .isEqualTo(second);
    }

    @Test
    void whereTheClassesCannotBeRememberedEverythingGoesWithout() throws Exception {
        // A JVM that has no class-data sharing, say.
        Path other = directory.resolve("jdk");
        Files.createDirectories(other);
        Files.copy(JDK.resolve("release"), other.resolve("release"));
        program(
                other.resolve("bin/java"),
                "case \"$*\" in *ArchiveClassesAtExit* | *AOTCacheOutput*) echo 'no such option' >&2; exit 1 ;; esac",
                "exec '" + JDK.resolve("bin/java") + "' \"$@\"");
        program(other.resolve("bin/javac"), "exit 1");

        Said said = postern(Map.of("JAVA_HOME", other.toString()), "version");

        assertThat(said.code()).isZero();
        assertThat(said.out()).startsWith("Postern");
        assertThat(said.err().lines()).singleElement().asString().startsWith("postern: building");
        awaitEndOfTraining();
        assertThat(archive).doesNotExist();
        assertThat(log()).contains("no such option");
    }

    /** Goes on beside the first command; what it writes beside the archive is gone in the end. */
    private void awaitEndOfTraining() {
        await().atMost(Duration.ofMinutes(2)).until(() -> {
            try (Stream<Path> files = Files.list(checkout.resolve("target"))) {
                return (Files.exists(archive) || log().contains("no such option"))
                        && files.noneMatch(file -> file.getFileName().toString().startsWith("training"));
            }
        });
    }

    private String log() throws IOException {
        return Files.readString(checkout.resolve("target/build.log"));
    }
}
