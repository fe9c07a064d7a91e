package dev.postern.devca;

import dev.postern.config.Configuration.KeyType;
import dev.postern.devca.CertificateProfile.Validity;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A root and an intermediate in a folder, and the server certificates they sign. Opening an empty folder makes both;
 * whoever trusts {@link #rootFile} trusts every certificate from here, also after a restart.
 *
 * <p>The folder survives a crash at any point: a key is written before its certificate, so a certificate on disk always
 * had its key there first. A root key without its certificate was never given to anyone and is made anew; an
 * intermediate that does not fit is replaced, because the root can sign another. Only a root certificate whose key is
 * gone stops us: replacing it would break everybody's trust without a word.
 *
 * <p>Safe for use by several threads, and by several processes on one folder.
 */
public final class InternalCa {
    private static final Logger LOG = LoggerFactory.getLogger(InternalCa.class);

    /** Roots are copied into trust stores by hand; nobody should have to do that twice. */
    private static final Duration ROOT_LIFE = Duration.ofDays(20 * 365);

    /** Long against any leaf; it is replaced in passing, so its length costs nobody anything. */
    private static final Duration INTERMEDIATE_LIFE = Duration.ofDays(2 * 365);

    /** A clock that runs a little behind ours must not find the certificate not yet valid. */
    private static final Duration BACKDATE = Duration.ofMinutes(1);

    // One folder is opened by one thread of this process at a time; FileLock looks after the other processes.
    private static final Object OPENING = new Object();

    private final Path directory;
    private final InstantSource clock;
    private final SecureRandom random;
    private final Duration backdate;
    private final CertificateProfile profile;
    private final Authority root;

    // Replaced under OPENING when it grows old; read by any thread.
    private volatile Authority intermediate;

    /** A certificate that signs others, and its key. */
    private record Authority(X509Certificate certificate, PrivateKey key) {}

    private InternalCa(Path directory, InstantSource clock, SecureRandom random, Duration backdate) throws IOException {
        this.directory = directory;
        this.clock = clock;
        this.random = random;
        this.backdate = backdate;
        this.profile = new CertificateProfile(random);
        this.root = root();
        this.intermediate = intermediate();
    }

    /** Opens the CA in {@code directory}, or makes one there, with certificates valid from one minute ago. */
    public static InternalCa open(Path directory, InstantSource clock, SecureRandom random) throws IOException {
        return open(directory, clock, random, BACKDATE);
    }

    /**
     * Opens the CA in {@code directory}, or makes one there.
     *
     * @param backdate how long before their issuance certificates become valid
     * @throws IOException where the folder cannot be read or written, or its root certificate lacks its key
     */
    public static InternalCa open(Path directory, InstantSource clock, SecureRandom random, Duration backdate)
            throws IOException {
        createDirectory(directory);
        return locked(directory, () -> new InternalCa(directory, clock, random, backdate));
    }

    /** Only for its owner: it holds the keys of a CA. */
    private static void createDirectory(Path directory) throws IOException {
        if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(directory);
        }
    }

    /** What clients have to trust, as in {@code curl --cacert}. */
    public Path rootFile() {
        return directory.resolve("root.pem");
    }

    /** What clients have to trust. */
    public X509Certificate rootCertificate() {
        return root.certificate();
    }

    /**
     * Signs a server certificate.
     *
     * @param names host names, wildcards and IP literals; all of them go into the subject alternative name
     * @param validity from now; cut off where the intermediate's own ends
     * @return leaf and intermediate
     * @throws IOException where a new intermediate was due and could not be kept
     */
    public List<X509Certificate> issue(PublicKey key, List<String> names, Duration validity) throws IOException {
        if (names.isEmpty()) {
            throw new IllegalArgumentException("names: empty (expected: at least one)");
        }
        Authority signer = currentIntermediate();
        Instant now = now();
        Instant notAfter = earlier(now.plus(validity), notAfter(signer));
        Instant notBefore =
                later(now.minus(backdate), signer.certificate().getNotBefore().toInstant());
        X509Certificate leaf =
                profile.server(signer.certificate(), signer.key(), key, names, new Validity(notBefore, notAfter));
        return List.of(leaf, signer.certificate());
    }

    /** Whether {@code certificate} was signed here, by the intermediate of now. */
    boolean issued(X509Certificate certificate) {
        try {
            certificate.verify(intermediate.certificate().getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private Authority currentIntermediate() throws IOException {
        Authority current = intermediate;
        if (isFresh(current)) {
            return current;
        }
        try {
            // Another process may have been here first: what is on disk decides.
            Authority next = locked(directory, this::intermediate);
            intermediate = next;
            return next;
        } catch (IOException e) {
            if (notAfter(current).isAfter(now())) {
                LOG.warn(
                        "internal ca: intermediate not renewed: {}; the old one is used until {}",
                        e.toString(),
                        notAfter(current));
                return current; // a full disk is no reason to stop issuing
            }
            throw e;
        }
    }

    /** Replaced when a third of its life is left, so that leaves are never cut short by more than they must. */
    private boolean isFresh(Authority authority) {
        Duration left = Duration.between(now(), notAfter(authority));
        return left.compareTo(INTERMEDIATE_LIFE.dividedBy(3)) > 0
                // The root itself is near its end: another intermediate would end no later.
                || (notAfter(authority).equals(notAfter(root)) && left.compareTo(Duration.ZERO) > 0);
    }

    private Authority root() throws IOException {
        Path file = rootFile();
        Path keyFile = directory.resolve("root-key.pem");
        if (Files.exists(file)) {
            return read(file, keyFile)
                    .orElseThrow(() -> new IOException(file + ": its key is not in " + keyFile.getFileName()
                            + "; put the key back, or remove both to make a new CA that nobody trusts yet"));
        }
        KeyPair key = KeyPairs.generate(KeyType.EC_P256, random);
        Instant now = now();
        X509Certificate certificate = profile.root(
                key, name("Postern internal root"), new Validity(now.minus(backdate), now.plus(ROOT_LIFE)));
        return write(new Authority(certificate, key.getPrivate()), file, keyFile);
    }

    /** The one on disk where it is good, else a new one. */
    private Authority intermediate() throws IOException {
        Path file = directory.resolve("intermediate.pem");
        Path keyFile = directory.resolve("intermediate-key.pem");
        Optional<Authority> kept = read(file, keyFile).filter(this::isOurs).filter(this::isFresh);
        if (kept.isPresent()) {
            return kept.get();
        }
        KeyPair key = KeyPairs.generate(KeyType.EC_P256, random);
        Instant now = now();
        Instant notAfter = earlier(now.plus(INTERMEDIATE_LIFE), notAfter(root));
        if (!notAfter.isAfter(now)) {
            throw new IOException(rootFile() + ": expired at " + notAfter(root)
                    + "; remove it to make a new CA, which clients must then be told to trust");
        }
        Instant notBefore =
                later(now.minus(backdate), root.certificate().getNotBefore().toInstant());
        X509Certificate certificate = profile.intermediate(
                root.certificate(),
                root.key(),
                key.getPublic(),
                name("Postern internal intermediate"),
                new Validity(notBefore, notAfter));
        return write(new Authority(certificate, key.getPrivate()), file, keyFile);
    }

    private boolean isOurs(Authority authority) {
        try {
            authority.certificate().verify(root.certificate().getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** Empty unless both files are there, readable and fit each other. */
    private Optional<Authority> read(Path certificateFile, Path keyFile) throws IOException {
        if (!Files.exists(certificateFile) || !Files.exists(keyFile)) {
            return Optional.empty();
        }
        try {
            Authority authority = new Authority(Pem.readCertificate(certificateFile), Pem.readEcKey(keyFile));
            return KeyPairs.fit(authority.key(), authority.certificate().getPublicKey(), random)
                    ? Optional.of(authority)
                    : Optional.empty();
        } catch (GeneralSecurityException e) {
            return Optional.empty();
        }
    }

    private static Authority write(Authority authority, Path certificateFile, Path keyFile) throws IOException {
        DurableFile.write(keyFile, Pem.of(authority.key()), DurableFile.Readers.OWNER);
        DurableFile.write(certificateFile, Pem.of(authority.certificate()), DurableFile.Readers.ALL);
        return authority;
    }

    /** With a random tail, so that two CAs in one trust store are told apart. */
    private String name(String what) {
        byte[] tail = new byte[4];
        random.nextBytes(tail);
        return "CN=" + what + " " + HexFormat.of().formatHex(tail) + ",O=Postern";
    }

    /** Certificates count in whole seconds. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }

    private static Instant notAfter(Authority authority) {
        return authority.certificate().getNotAfter().toInstant();
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private interface Opening<T> {
        T run() throws IOException;
    }

    private static <T> T locked(Path directory, Opening<T> opening) throws IOException {
        synchronized (OPENING) {
            try (FileChannel channel = FileChannel.open(
                            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                if (!lock.isValid()) {
                    throw new IOException(directory + ": cannot be locked");
                }
                return opening.run();
            }
        }
    }
}
