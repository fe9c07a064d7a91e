package dev.postern.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/**
 * The program and its libraries in one jar, in such a form that the JVM can keep every class of it in an archive (class-data
 * sharing, JEP 350; an AOT cache, JEP 514). It keeps none of a jar that is signed, and an AOT cache none that was compiled for
 * Java 5 or older: those are read anew at each start, and so is whatever mentions them. In one jar, because libraries ask for
 * classes that are not there, and each such question opens every jar there is: a tenth of a second, all in all.
 */
public final class ArchivableJar {
    /** What is of no use in one jar of many: signatures, indexes, modules, and how each was built. */
    private static final Pattern LEFT_OUT = Pattern.compile(
            "META-INF/(?:[^/]+\\.(?:SF|RSA|DSA|EC)|SIG-[^/]*|MANIFEST\\.MF|INDEX\\.LIST|maven/.*)"
                    + "|(?:.*/)?module-info\\.class",
            Pattern.CASE_INSENSITIVE);

    /** Where several have one of that name, it is read as one after the other. */
    private static final Pattern JOINED =
            Pattern.compile("META-INF/(?:services/.*|io\\.netty\\.versions\\.properties)");

    /** Where a class file has the version of its format, the feature version of Java and 44. */
    private static final int MAJOR = 7;

    /** Java 6, the first one whose classes say what is on the stack where (JVMS §4.7.4). */
    private static final int FIRST_WITH_FRAMES = 50;

    /** Java 17. */
    private static final byte WANTED = 61;

    private final @Nullable Modernization modernization = Modernization.ofThisJdk();
    private final Set<String> written = new HashSet<>();

    private ArchivableJar() {}

    /** @param args {@code target} of a build, and the file that is to be made */
    public static void main(String[] args) throws IOException {
        make(Path.of(args[0]).resolve("postern.jar"), Path.of(args[0]).resolve("lib"), Path.of(args[1]));
    }

    /** @param libraries a folder of jars; what is in the program as well is taken from the program */
    public static void make(Path program, Path libraries, Path file) throws IOException {
        List<Path> jars = new ArrayList<>(List.of(program));
        try (Stream<Path> found = Files.list(libraries)) {
            found.sorted().forEach(jars::add);
        }
        new ArchivableJar().write(jars, file);
    }

    private void write(List<Path> jars, Path file) throws IOException {
        Manifest manifest = new Manifest();
        try (JarFile program = new JarFile(jars.get(0).toFile(), false)) {
            manifest.getMainAttributes().putAll(program.getManifest().getMainAttributes());
        }
        manifest.getMainAttributes().remove(Attributes.Name.CLASS_PATH);
        manifest.getMainAttributes().put(Attributes.Name.MULTI_RELEASE, "true");
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream made = new JarOutputStream(out, manifest)) {
            // Most of it is in the archive a moment later.
            made.setLevel(Deflater.BEST_SPEED);
            for (Path jar : jars) {
                add(jar, jars, made);
            }
        }
    }

    private void add(Path from, List<Path> jars, JarOutputStream made) throws IOException {
        try (JarFile jar = new JarFile(from.toFile(), false)) {
            for (JarEntry entry : jar.stream().toList()) {
                String name = entry.getName();
                if (entry.isDirectory() || LEFT_OUT.matcher(name).matches() || !written.add(name)) {
                    continue;
                }
                made.putNextEntry(new JarEntry(name));
                made.write(
                        JOINED.matcher(name).matches()
                                ? joined(name, jars)
                                : modern(name, jar.getInputStream(entry).readAllBytes()));
                made.closeEntry();
            }
        }
    }

    private static byte[] joined(String name, List<Path> jars) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Path one : jars) {
            try (JarFile jar = new JarFile(one.toFile(), false)) {
                JarEntry entry = jar.getJarEntry(name);
                if (entry != null) {
                    jar.getInputStream(entry).transferTo(all);
                    all.write('\n');
                }
            }
        }
        return all.toByteArray();
    }

    private byte[] modern(String name, byte[] bytes) throws IOException {
        boolean isOld = name.endsWith(".class") && bytes.length > MAJOR && bytes[MAJOR] < FIRST_WITH_FRAMES;
        return isOld && modernization != null ? modernization.ofClass(bytes) : bytes;
    }

    /**
     * Adds to a class file what newer ones have. With {@code java.lang.classfile} of JDK 24 and newer, asked for by name, because
     * this is compiled for 17. An older JDK needs none of it.
     */
    private record Modernization(Object files, Method parse, Method transform, Object bodies) {
        static @Nullable Modernization ofThisJdk() {
            try {
                Class<?> classFile = Class.forName("java.lang.classfile.ClassFile");
                Class<?> option = Class.forName("java.lang.classfile.ClassFile$Option");
                Class<?> frames = Class.forName("java.lang.classfile.ClassFile$StackMapsOption");
                Class<?> model = Class.forName("java.lang.classfile.ClassModel");
                Class<?> ofClass = Class.forName("java.lang.classfile.ClassTransform");
                Class<?> ofCode = Class.forName("java.lang.classfile.CodeTransform");
                Object options = Array.newInstance(option, 1);
                Array.set(options, 0, frames.getField("GENERATE_STACK_MAPS").get(null));
                return new Modernization(
                        classFile.getMethod("of", options.getClass()).invoke(null, options),
                        classFile.getMethod("parse", byte[].class),
                        classFile.getMethod("transformClass", model, ofClass),
                        ofClass.getMethod("transformingMethodBodies", ofCode)
                                .invoke(null, ofCode.getField("ACCEPT_ALL").get(null)));
            } catch (ReflectiveOperationException e) {
                return null;
            }
        }

        byte[] ofClass(byte[] old) throws IOException {
            try {
                byte[] made = (byte[]) transform.invoke(files, parse.invoke(files, (Object) old), bodies);
                made[MAJOR] = WANTED;
                return made;
            } catch (InvocationTargetException e) {
                throw new IOException("a class of Java 5 that cannot be made a newer one", e.getCause());
            } catch (IllegalAccessException e) {
                throw new IOException("java.lang.classfile is not to be used", e);
            }
        }
    }
}
