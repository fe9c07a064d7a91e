package dev.postern.trust;

import dev.postern.config.CaFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The CAs that this system trusts, those that its operator has added among them. Blocks. */
final class SystemRoots {
    private static final Logger LOG = LoggerFactory.getLogger(SystemRoots.class);

    /** Where systems keep them, the first that is there. */
    private static final List<Path> BUNDLES = List.of(
            // Debian, Ubuntu, Arch, Gentoo
            Path.of("/etc/ssl/certs/ca-certificates.crt"),
            // Fedora, RHEL
            Path.of("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
            Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
            // openSUSE
            Path.of("/etc/ssl/ca-bundle.pem"),
            // Alpine, macOS, the BSDs
            Path.of("/etc/ssl/cert.pem"));

    private SystemRoots() {}

    /** Empty where the system has none: then those of the JDK are meant. */
    static List<X509Certificate> read() {
        for (Path bundle : BUNDLES) {
            if (Files.isReadable(bundle)) {
                try {
                    return CaFile.read(bundle);
                } catch (IOException | CertificateException e) {
                    LOG.warn("{}: {}; the roots of the JDK are trusted instead", bundle, e.getMessage());
                    return List.of();
                }
            }
        }
        return List.of();
    }
}
