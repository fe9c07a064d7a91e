package dev.postern.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.cert.CertificateException;

/** Paths of files; relative ones are taken from the working directory. */
final class FilePath {
    static final Scalar<Path> SCALAR = new Scalar<>("a path", FilePath::parse);

    /** A file that is there and may be read. */
    static final Scalar<Path> READABLE = new Scalar<>("a file that can be read", FilePath::readable);

    /** A file with at least one certificate in it. */
    static final Scalar<Path> PEM_CERTIFICATES =
            new Scalar<>("a PEM file with the certificates of a CA", FilePath::certificates);

    private FilePath() {}

    private static Path parse(String text) throws NotUnderstood {
        if (text.isEmpty()) {
            throw new NotUnderstood("is empty");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new NotUnderstood("is not a path");
        }
    }

    private static Path readable(String text) throws NotUnderstood {
        Path file = parse(text);
        if (!Files.exists(file)) {
            throw new NotUnderstood("does not exist");
        }
        if (Files.isDirectory(file)) {
            throw new NotUnderstood("is a directory");
        }
        if (!Files.isReadable(file)) {
            throw new NotUnderstood("cannot be read: permission denied");
        }
        return file;
    }

    private static Path certificates(String text) throws NotUnderstood {
        Path file = readable(text);
        try {
            CaFile.read(file);
        } catch (IOException e) {
            throw new NotUnderstood("cannot be read: " + Quoted.of(String.valueOf(e.getMessage())));
        } catch (CertificateException e) {
            throw new NotUnderstood(String.valueOf(e.getMessage()));
        }
        return file;
    }
}
