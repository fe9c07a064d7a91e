package dev.postern.migrate;

import dev.postern.config.RegularFile;
import dev.postern.pki.Pem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;

/** Files by which clients prove who they are. */
public final class Authorities {
    private Authorities() {}

    /** Whether it is here, and has certificates of CAs. */
    public static boolean areIn(Path file) {
        try {
            return !Pem.readCertificates(RegularFile.text(file, RegularFile.PEM_BYTES))
                    .isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether it is here, and has lists of what CAs have taken back. */
    public static boolean areListsIn(Path file) {
        try {
            String text = RegularFile.text(file, RegularFile.PEM_BYTES);
            return text.contains("-----BEGIN X509 CRL-----")
                    && !CertificateFactory.getInstance("X.509")
                            .generateCRLs(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)))
                            .isEmpty();
        } catch (IOException | GeneralSecurityException e) {
            return false;
        }
    }
}
