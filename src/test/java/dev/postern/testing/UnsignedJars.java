package dev.postern.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;

/**
 * The libraries without their signatures. The JVM archives no class of a jar that is signed: it reads each of them anew, and
 * looks whether it is as it was signed. Those of Bouncy Castle are a fifth of what a start costs.
 */
final class UnsignedJars {
    /** <a href="https://docs.oracle.com/en/java/javase/17/docs/specs/jar/jar.html#signed-jar-file">Signed JAR File</a>. */
    private static final Pattern SIGNATURE =
            Pattern.compile("META-INF/(?:[^/]+\\.(?:SF|RSA|DSA|EC)|SIG-[^/]*|MANIFEST\\.MF)", Pattern.CASE_INSENSITIVE);

    private UnsignedJars() {}

    /** Makes the folder {@code to} anew, with every jar of {@code from} in it. */
    static void gather(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (Path old : files(to)) {
            Files.delete(old);
        }
        for (Path jar : files(from)) {
            Path here = to.resolve(jar.getFileName());
            if (isSigned(jar)) {
                copy(jar, here);
            } else {
                Files.createSymbolicLink(here, jar);
            }
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            return found.toList();
        }
    }

    private static boolean isSigned(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile(), false)) {
            return file.stream().anyMatch(entry -> entry.getName().endsWith(".SF"));
        }
    }

    private static void copy(Path signed, Path unsigned) throws IOException {
        try (JarFile file = new JarFile(signed.toFile(), false);
                OutputStream out = Files.newOutputStream(unsigned);
                JarOutputStream jar = new JarOutputStream(out, withoutDigests(file.getManifest()))) {
            // Most of it is in the archive a moment later.
            jar.setLevel(Deflater.NO_COMPRESSION);
            for (JarEntry entry : file.stream().toList()) {
                if (!SIGNATURE.matcher(entry.getName()).matches()) {
                    jar.putNextEntry(new JarEntry(entry.getName()));
                    try (InputStream bytes = file.getInputStream(entry)) {
                        bytes.transferTo(jar);
                    }
                    jar.closeEntry();
                }
            }
        }
    }

    private static Manifest withoutDigests(Manifest signed) {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().putAll(signed.getMainAttributes());
        return manifest;
    }
}
