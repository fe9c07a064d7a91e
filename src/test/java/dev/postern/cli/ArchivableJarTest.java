package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

class ArchivableJarTest {
    private static final String OLD = "picocli/CommandLine$Help$Ansi$Style.class";

    private static final byte[] MANIFEST = text("Manifest-Version: 1.0\nClass-Path: lib/a.jar\n\n");

    @TempDir
    private Path directory;

    @Test
    void everyLibraryIsInTheOneJarAndNoSignature() throws IOException {
        Map<String, byte[]> signed = new LinkedHashMap<>();
        signed.put("META-INF/MANIFEST.MF", text("Manifest-Version: 1.0\n\nName: a/One.class\nSHA-256-Digest: x\n\n"));
        signed.put("META-INF/SOMEBODY.SF", text("signed"));
        signed.put("META-INF/SOMEBODY.RSA", text("signed"));
        signed.put("module-info.class", text("of one jar"));
        signed.put("a/One.class", text("one"));
        signed.put("META-INF/services/a.Service", text("a.One"));
        signed.put("META-INF/versions/9/a/One.class", text("newer"));
        jar("lib/a.jar", signed);
        jar("lib/b.jar", Map.of("a/One.class", text("another"), "META-INF/services/a.Service", text("b.Two")));
        jar("postern.jar", Map.of("main", text("ours")));

        try (JarFile made = made()) {
            assertThat(made.stream().map(JarEntry::getName))
                    .containsExactlyInAnyOrder(
                            "META-INF/MANIFEST.MF",
                            "main",
                            "a/One.class",
                            "META-INF/services/a.Service",
                            "META-INF/versions/9/a/One.class");
            assertThat(read(made, "a/One.class")).isEqualTo(text("one"));
            assertThat(read(made, "META-INF/services/a.Service")).isEqualTo(text("a.One\nb.Two\n"));
            assertThat(made.isMultiRelease()).isTrue();
            assertThat(made.getManifest().getMainAttributes()).doesNotContainKey(Attributes.Name.CLASS_PATH);
            assertThat(made.getManifest().getEntries()).isEmpty();
        }
    }

    /** Older ones need no more than that it is not signed. */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_25)
    void classesOfJava5AreMadeSuchThatAnAotCacheKeepsThem() throws Exception {
        byte[] old;
        try (InputStream in = ArchivableJarTest.class.getResourceAsStream("/" + OLD)) {
            old = in.readAllBytes();
        }
        // Where this fails, picocli is of a newer Java, and nothing of it need be made anew any more.
        assertThat(old[7]).isLessThan((byte) 50);
        jar("postern.jar", Map.of("main", text("ours")));
        jar("lib/a.jar", Map.of(OLD, old, "picocli/CommandLine$Help$Ansi$IStyle.class", resource("IStyle")));

        try (JarFile made = made()) {
            assertThat(read(made, OLD)[7]).isEqualTo((byte) 61);
        }
        URL[] here = {directory.resolve("made.jar").toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(here, null)) {
            Class<?> style = Class.forName("picocli.CommandLine$Help$Ansi$Style", true, loader);
            assertThat(style.getEnumConstants()).hasSizeGreaterThan(10);
        }
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in =
                ArchivableJarTest.class.getResourceAsStream("/picocli/CommandLine$Help$Ansi$" + name + ".class")) {
            return in.readAllBytes();
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void jar(String name, Map<String, byte[]> entries) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Map<String, byte[]> rest = new LinkedHashMap<>(entries);
        byte[] manifest = rest.remove("META-INF/MANIFEST.MF");
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(
                        out, new Manifest(new ByteArrayInputStream(manifest == null ? MANIFEST : manifest)))) {
            for (Map.Entry<String, byte[]> entry : rest.entrySet()) {
                jar.putNextEntry(new JarEntry(entry.getKey()));
                jar.write(entry.getValue());
                jar.closeEntry();
            }
        }
    }

    private JarFile made() throws IOException {
        Files.createDirectories(directory.resolve("lib"));
        ArchivableJar.make(directory.resolve("postern.jar"), directory.resolve("lib"), directory.resolve("made.jar"));
        return new JarFile(directory.resolve("made.jar").toFile());
    }

    private static byte[] read(JarFile jar, String name) throws IOException {
        try (InputStream in = jar.getInputStream(jar.getJarEntry(name))) {
            return in.readAllBytes();
        }
    }
}
