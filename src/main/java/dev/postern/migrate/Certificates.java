package dev.postern.migrate;

import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The files that {@code crt} and {@code crt-list} name, as far as they are on this machine and good now. */
public final class Certificates {
    /** @param names those that it is for, and a site may have */
    public record Found(Path chain, Path key, List<String> names) {
        public boolean covers(String name) {
            return HostName.covers(names, name) || names.contains(name);
        }
    }

    private final Instant now;
    private final List<Found> found = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final List<String> guesses = new ArrayList<>();

    public Certificates(List<String> files, Instant now) {
        this.now = now;
        files.forEach(file -> take(Path.of(file)));
    }

    /** As {@code take} of one file, where the key stands in another. */
    public void take(Path chain, Path key) {
        try {
            pem(chain, RegularFile.text(chain, RegularFile.PEM_BYTES), key);
        } catch (IOException e) {
            problems.add(chain + ": " + DiskFailure.reason(e));
        }
    }

    public List<Found> found() {
        return found;
    }

    /** One line for each that could not be taken. */
    public List<String> problems() {
        return problems;
    }

    /** Names that files which are not here seem to be for. */
    public List<String> guesses() {
        return guesses;
    }

    private void take(Path path) {
        if (Files.isDirectory(path)) {
            try (Stream<Path> children = Files.list(path)) {
                children.filter(Files::isRegularFile)
                        .filter(child -> !child.toString().endsWith(".key"))
                        .sorted()
                        .forEach(child -> file(child, true));
            } catch (IOException e) {
                problems.add(path + ": " + DiskFailure.reason(e));
            }
        } else {
            file(path, false);
        }
    }

    private void file(Path file, boolean isInList) {
        String text;
        try {
            text = RegularFile.text(file, RegularFile.PEM_BYTES);
        } catch (IOException e) {
            problems.add(file + ": " + DiskFailure.reason(e));
            guess(file);
            return;
        }
        if (text.contains("-----BEGIN ")) {
            pem(file, text);
        } else if (isInList) {
            problems.add(file + ": holds no certificate");
        } else {
            list(text);
        }
    }

    private void pem(Path file, String text) {
        pem(file, text, text.contains("PRIVATE KEY-----") ? file : Path.of(file + ".key"));
    }

    private void pem(Path file, String text, Path keyFile) {
        try {
            PrivateKey key = Pem.readKey(RegularFile.text(keyFile, RegularFile.PEM_BYTES));
            List<X509Certificate> chain = Pem.readCertificates(text);
            Certificate certificate = Certificate.ofFoundFiles(file.toString(), "file", key, chain);
            if (certificate.isExpired(now)) {
                problems.add(file + ": expired on " + certificate.notAfter());
                guess(file);
                return;
            }
            found.add(new Found(
                    file.toAbsolutePath(),
                    keyFile.toAbsolutePath(),
                    certificate.names().stream()
                            .map(Certificates::name)
                            .flatMap(Optional::stream)
                            .toList()));
        } catch (IOException e) {
            problems.add(keyFile + ": " + DiskFailure.reason(e));
            guess(file);
        } catch (CertificateException e) {
            problems.add(file + ": " + e.getMessage());
            guess(file);
        }
    }

    /** A {@code crt-list}: a file in each line, and what is said of it. */
    private void list(String text) {
        for (String line : text.split("\n", -1)) {
            int end = 0;
            String plain = line.strip();
            while (end < plain.length() && " \t[#".indexOf(plain.charAt(end)) < 0) {
                end++;
            }
            if (end > 0 && plain.indexOf('\0') < 0) {
                file(Path.of(plain.substring(0, end)), true);
            }
        }
    }

    /** {@code www.example.com.pem} is for {@code www.example.com} by all that is known of such files. */
    private void guess(Path file) {
        Path last = file.getFileName();
        String name = last == null ? "" : last.toString();
        for (String suffix : List.of(".pem", ".crt", ".cert")) {
            if (name.endsWith(suffix) && name.indexOf('.') < name.length() - suffix.length()) {
                name(name.substring(0, name.length() - suffix.length())).ifPresent(guesses::add);
            }
        }
    }

    private static Optional<String> name(String text) {
        try {
            return Optional.of(HostName.SITE.parse(text));
        } catch (NotUnderstood e) {
            return Optional.empty();
        }
    }
}
