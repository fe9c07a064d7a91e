package dev.postern.cli;

import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Pem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A copy of a certificate and its key for another program. Each file is there in full or not at all. */
final class CertificateExport {
    private CertificateExport() {}

    /**
     * Writes {@code privkey.pem} (0600), {@code cert.pem}, {@code chain.pem} and {@code fullchain.pem} into {@code
     * directory}, which is made where it is missing (0700).
     *
     * @throws FileAlreadyExistsException where one of them exists and may not be overwritten; nothing is written then
     * @throws IOException with the path and the reason
     */
    static List<Path> pem(dev.postern.pki.Certificate certificate, Path directory, boolean overwrite)
            throws IOException {
        String leaf;
        String rest;
        List<X509Certificate> chain = certificate.chain();
        try {
            leaf = Pem.of(chain.subList(0, 1));
            rest = Pem.of(chain.subList(1, chain.size()));
        } catch (CertificateException e) {
            throw new IOException("a certificate that cannot be encoded", e);
        }
        Path key = directory.resolve("privkey.pem");
        List<Path> files = new ArrayList<>(List.of(
                key,
                directory.resolve("cert.pem"),
                directory.resolve("chain.pem"),
                directory.resolve("fullchain.pem")));
        List<String> texts = List.of(Pem.of(certificate.key()), leaf, rest, leaf + rest);
        requireAbsent(files, overwrite);
        for (int i = 0; i < files.size(); i++) {
            Path file = files.get(i);
            try {
                DurableFiles.replace(file, texts.get(i));
                if (!file.equals(key)) {
                    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
                }
            } catch (IOException e) {
                throw new IOException(file + ": " + DiskFailure.reason(e), e);
            }
        }
        return files;
    }

    /**
     * Writes all of it into one PKCS#12 file (0600), under the name of the site.
     *
     * @throws FileAlreadyExistsException where it exists and may not be overwritten
     * @throws IOException with the path and the reason
     */
    static void pkcs12(dev.postern.pki.Certificate certificate, Path file, char[] password, boolean overwrite)
            throws IOException {
        requireAbsent(List.of(file), overwrite);
        byte[] bytes;
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(
                    certificate.site(),
                    certificate.key(),
                    password,
                    certificate.chain().toArray(new Certificate[0]));
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            store.store(out, password);
            bytes = out.toByteArray();
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": cannot be made: " + e.getMessage(), e);
        }
        Path unfinished = file.resolveSibling(DurableFiles.UNFINISHED + file.getFileName());
        try {
            Files.deleteIfExists(unfinished);
            try (FileChannel channel = FileChannel.open(
                    unfinished,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    DurableFiles.mode("rw-------"))) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(unfinished);
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }

    private static void requireAbsent(List<Path> files, boolean overwrite) throws IOException {
        for (Path file : files) {
            if (!overwrite && Files.exists(file)) {
                throw new FileAlreadyExistsException(file + ": exists already; --force overwrites it");
            }
        }
    }
}
