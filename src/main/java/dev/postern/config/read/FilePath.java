package dev.postern.config.read;

import dev.postern.config.CaFile;
import dev.postern.config.KeptFile;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.RegularFile;
import dev.postern.config.RevocationFile;
import dev.postern.config.Scalar;
import dev.postern.config.Secret;
import dev.postern.config.SecretFile;
import dev.postern.config.Spelling;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;

/** Paths of files; relative ones are taken from the folder of the file that they stand in. */
final class FilePath {
    static final Scalar<Path> SCALAR = new Scalar<Path>("a path", FilePath::parse).spelled(Spelling.file());

    /** A file that is there and may be read. */
    static final Scalar<Path> READABLE =
            new Scalar<Path>("a file that can be read", FilePath::readable).spelled(Spelling.file());

    /** A file with at least one certificate in it. */
    static final Scalar<Path> PEM_CERTIFICATES = new Scalar<Path>(
                    "a PEM file with the certificates of a CA", FilePath::certificates)
            .spelled(Spelling.file());

    /** The same, with what is in it. */
    static final Scalar<KeptFile> KEPT_CERTIFICATES =
            new Scalar<KeptFile>(PEM_CERTIFICATES.expected(), FilePath::kept).spelled(Spelling.file());

    /** A file with at least one list of revoked certificates in it, with what is in it. */
    static final Scalar<KeptFile> KEPT_REVOCATIONS = new Scalar<KeptFile>(
                    "a PEM file with the lists of revoked certificates of a CA", (text, folder) -> {
                        Path file = readable(text, folder);
                        try {
                            KeptFile kept = new KeptFile(file, new Secret(CaFile.text(file)));
                            RevocationFile.parse(kept.content().text());
                            return kept;
                        } catch (IOException e) {
                            throw notRead(e);
                        } catch (CRLException e) {
                            throw new NotUnderstood(String.valueOf(e.getMessage()));
                        }
                    })
            .spelled(Spelling.file());

    /** A file in PEM, with what is in it. */
    static final Scalar<KeptFile> KEPT = new Scalar<KeptFile>("a PEM file", (text, folder) -> {
                Path file = readable(text, folder);
                try {
                    return new KeptFile(
                            file,
                            new Secret(new String(
                                    RegularFile.bytes(file, RegularFile.PEM_BYTES), StandardCharsets.ISO_8859_1)));
                } catch (IOException e) {
                    throw notRead(e);
                }
            })
            .spelled(Spelling.file());

    /** A file with the secret of a TSIG key. */
    static final Scalar<Path> BASE64_SECRET = new Scalar<Path>(
                    "a file with the secret in Base64", (text, folder) -> secret(text, folder, SecretFile::base64))
            .spelled(Spelling.file());

    /** A file with the MAC key of an external account. */
    static final Scalar<Path> BASE64URL_SECRET = new Scalar<Path>(
                    "a file with the key in base64url, as the CA gives it",
                    (text, folder) -> secret(text, folder, SecretFile::base64Url))
            .spelled(Spelling.file());

    /** A program: found by the system where it has no slash in it, else it must be there. */
    static final Scalar<String> PROGRAM = new Scalar<>("a program such as /usr/local/bin/reload", FilePath::program);

    private interface SecretForm {
        byte[] read(Path file) throws IOException;
    }

    // The bits of st_mode, inode(7).
    private static final int FILE_TYPE = 0170000;
    private static final int PIPE = 0010000;

    private FilePath() {}

    private static Path secret(String text, Path folder, SecretForm form) throws NotUnderstood {
        Path file = readable(text, folder);
        try {
            form.read(file);
        } catch (IOException e) {
            throw new NotUnderstood(String.valueOf(e.getMessage()));
        }
        return file;
    }

    private static String program(String text, Path folder) throws NotUnderstood {
        Path file = parse(text, folder);
        if (text.contains("/")) {
            if (!Files.exists(file)) {
                throw new NotUnderstood(
                        text.contains(" ")
                                ? "does not exist; each argument is an item of its own, and no shell takes part"
                                : "does not exist");
            }
            if (Files.isDirectory(file)) {
                throw new NotUnderstood("is a directory");
            }
            if (!Files.isExecutable(file)) {
                throw new NotUnderstood("is not executable");
            }
            return file.toString();
        }
        if (text.contains(" ")) {
            throw new NotUnderstood("has a space; each argument is an item of its own, and no shell takes part");
        }
        return text;
    }

    private static Path parse(String text, Path folder) throws NotUnderstood {
        if (text.isEmpty()) {
            throw new NotUnderstood("is empty");
        }
        try {
            return folder.resolve(text);
        } catch (InvalidPathException e) {
            throw new NotUnderstood("is not a path");
        }
    }

    private static Path readable(String text, Path folder) throws NotUnderstood {
        Path file = parse(text, folder);
        BasicFileAttributes attributes = attributes(file);
        if (attributes.isDirectory()) {
            throw new NotUnderstood("is a directory");
        }
        if (!attributes.isRegularFile()) {
            throw new NotUnderstood("is a pipe, a socket or a device, and no regular file");
        }
        if (!Files.isReadable(file)) {
            throw new NotUnderstood("cannot be read: permission denied");
        }
        return file;
    }

    private static BasicFileAttributes attributes(Path file) throws NotUnderstood {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class);
        } catch (IOException e) {
            throw new NotUnderstood("does not exist");
        }
    }

    /** A file that may not be there yet, in a directory that is. */
    static Path writable(String text, Path folder) throws NotUnderstood {
        Path file = parse(text, folder);
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null || Files.isDirectory(file)) {
            throw new NotUnderstood("is a directory");
        }
        if (!Files.isDirectory(directory)) {
            throw new NotUnderstood("is in a directory that does not exist");
        }
        if (isPipe(file)) {
            throw new NotUnderstood("is a named pipe; to open one is to wait for its reader");
        }
        if (Files.exists(file) ? !Files.isWritable(file) : !Files.isWritable(directory)) {
            throw new NotUnderstood("cannot be written: permission denied");
        }
        return file;
    }

    private static boolean isPipe(Path file) {
        try {
            return ((int) Files.getAttribute(file, "unix:mode") & FILE_TYPE) == PIPE;
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException notThereOrNotUnix) {
            return false;
        }
    }

    private static Path certificates(String text, Path folder) throws NotUnderstood {
        Path file = readable(text, folder);
        try {
            CaFile.read(file);
        } catch (IOException e) {
            throw notRead(e);
        } catch (CertificateException e) {
            throw new NotUnderstood(String.valueOf(e.getMessage()));
        }
        return file;
    }

    private static KeptFile kept(String text, Path folder) throws NotUnderstood {
        Path file = certificates(text, folder);
        try {
            return new KeptFile(file, new Secret(CaFile.text(file)));
        } catch (IOException e) {
            throw notRead(e);
        }
    }

    private static NotUnderstood notRead(IOException e) {
        return new NotUnderstood("cannot be read: " + Quoted.of(String.valueOf(e.getMessage())));
    }
}
