package dev.postern.ca;

import dev.postern.ca.CertificateTemplate.Validity;
import dev.postern.config.KeyType;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Keys;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A root and an intermediate (or several, {@link Shape}) in a folder, and the server certificates they sign. Opening an empty folder makes both;
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

    /** Longer than any leaf's: no leaf may become valid before what signed it. */
    private static final Duration AUTHORITY_BACKDATE = Duration.ofDays(1);

    // One folder is opened by one thread of this process at a time; FileLock looks after the other processes.
    private static final Object OPENING = new Object();

    private final Path directory;
    private final InstantSource clock;
    private final SecureRandom random;
    private final Shape shape;
    private final CertificateTemplate template;

    // The first one is the one that everybody trusts. Replaced, before the signers, where it is of the future.
    private volatile List<Authority> roots;

    // Replaced under OPENING when one of them grows old; read by any thread.
    private volatile List<Signer> signers;

    /**
     * What the CA is made of.
     *
     * @param intermediates one of them, drawn at random, signs a certificate, as at the large public CAs
     * @param alternateRoots further roots that sign the same intermediates, for clients that trust another one
     * @param backdate how long before their issuance certificates become valid
     */
    public record Shape(int intermediates, int alternateRoots, Duration backdate) {
        /** One root, one intermediate, certificates valid from one minute ago. */
        public static final Shape PLAIN = new Shape(1, 0, BACKDATE);

        public Shape {
            if (intermediates < 1 || alternateRoots < 0) {
                throw new IllegalArgumentException("intermediates: " + intermediates + ", alternateRoots: "
                        + alternateRoots + " (expected: at least 1 and 0)");
            }
        }
    }

    /**
     * A certificate and the chains that lead from it.
     *
     * @param chain leaf and intermediate, up to the root that everybody trusts
     * @param alternates the same leaf, up to each of the {@link Shape#alternateRoots}
     */
    public record Issuance(List<X509Certificate> chain, List<List<X509Certificate>> alternates) {}

    /** @param crossSigned its certificate by each alternate root */
    private record Signer(Authority authority, List<X509Certificate> crossSigned) {}

    private InternalCa(Path directory, InstantSource clock, SecureRandom random, Shape shape) throws IOException {
        this.directory = directory;
        this.clock = clock;
        this.random = random;
        this.shape = shape;
        this.template = new CertificateTemplate(random);
        List<Authority> all = new ArrayList<>();
        for (int i = 0; i <= shape.alternateRoots(); i++) {
            all.add(root(i));
        }
        this.roots = List.copyOf(all);
        this.signers = signers();
    }

    /**
     * A root that begins in the future was made by a clock that was ahead, and signs nothing that anybody would take before:
     * another one takes its place, and it is kept aside. Only where something is to be signed: a clock that is behind for a
     * moment after the start of a host changes nothing.
     */
    private void replaceRootsOfTheFuture() throws IOException {
        List<Authority> all = new ArrayList<>();
        for (int i = 0; i < roots.size(); i++) {
            Path file = file("root", i, "");
            Path keyFile = file("root", i, "-key");
            // Another process may have been here first.
            Authority kept = Authority.read(file, keyFile).orElse(roots.get(i));
            if (kept.notBefore().isAfter(now())) {
                String aside = "of-" + kept.notBefore().toString().substring(0, 10);
                Files.move(file, file("root", i, "-" + aside), StandardCopyOption.REPLACE_EXISTING);
                Files.move(keyFile, file("root", i, "-key-" + aside), StandardCopyOption.REPLACE_EXISTING);
                LOG.error(
                        "internal ca: {}: begins only at {}, made by a clock that was ahead (now: {}); replaced by a new one,"
                                + " which clients have to be told to trust",
                        file,
                        kept.notBefore(),
                        now());
                kept = root(i);
            }
            all.add(kept);
        }
        roots = List.copyOf(all);
    }

    /** Opens the CA in {@code directory}, or makes one there: {@link Shape#PLAIN}. */
    public static InternalCa open(Path directory, InstantSource clock, SecureRandom random) throws IOException {
        return open(directory, clock, random, Shape.PLAIN);
    }

    /**
     * Opens the CA in {@code directory}, or makes one there.
     *
     * @throws IOException where the folder cannot be read or written, or its root certificate lacks its key
     */
    public static InternalCa open(Path directory, InstantSource clock, SecureRandom random, Shape shape)
            throws IOException {
        createDirectory(directory);
        return locked(directory, () -> new InternalCa(directory, clock, random, shape));
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

    public Duration backdate() {
        return shape.backdate();
    }

    /** Where the alternate chains lead, in the order of their links. */
    public List<X509Certificate> alternateRoots() {
        return roots.stream().skip(1).map(Authority::certificate).toList();
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
        return issue(key, names, validity, shape.backdate()).chain();
    }

    /** @param backdate how long before now the certificate becomes valid */
    public Issuance issue(PublicKey key, List<String> names, Duration validity, Duration backdate) throws IOException {
        if (names.isEmpty()) {
            throw new IllegalArgumentException("names: empty (expected: at least one)");
        }
        List<Signer> current = currentSigners();
        Signer signer = current.get(current.size() == 1 ? 0 : random.nextInt(current.size()));
        Authority authority = signer.authority();
        Instant now = now();
        Instant notAfter = earlier(now.plus(validity), authority.notAfter());
        Instant notBefore = later(now.minus(backdate), authority.notBefore());
        X509Certificate leaf = template.server(
                authority.certificate(), authority.key(), key, names, new Validity(notBefore, notAfter));
        return new Issuance(
                List.of(leaf, authority.certificate()),
                signer.crossSigned().stream().map(cross -> List.of(leaf, cross)).toList());
    }

    /** Whether {@code certificate} was signed here, by an intermediate of now. */
    public boolean issued(X509Certificate certificate) {
        return signers.stream().anyMatch(signer -> signer.authority().signed(certificate));
    }

    private List<Signer> currentSigners() throws IOException {
        List<Signer> current = signers;
        if (current.stream().allMatch(signer -> isFresh(signer.authority()))) {
            return current;
        }
        try {
            // Another process may have been here first: what is on disk decides.
            List<Signer> next = locked(directory, () -> {
                replaceRootsOfTheFuture();
                return signers();
            });
            signers = next;
            return next;
        } catch (IOException e) {
            List<Signer> good = current.stream()
                    .filter(signer -> signer.authority().notAfter().isAfter(now())
                            && !signer.authority().notBefore().isAfter(now()))
                    .toList();
            if (!good.isEmpty()) {
                LOG.warn(
                        "internal ca: intermediate not renewed: {}; the old one is used until {}",
                        e.toString(),
                        good.get(0).authority().notAfter());
                return good; // a full disk is no reason to stop issuing
            }
            throw e;
        }
    }

    /** Replaced when a third of its life is left, so that leaves are never cut short by more than they must. */
    private boolean isFresh(Authority authority) {
        if (authority.notBefore().isAfter(now())) {
            return false;
        }
        Duration left = Duration.between(now(), authority.notAfter());
        return left.compareTo(INTERMEDIATE_LIFE.dividedBy(3)) > 0
                // The root itself is near its end: another intermediate would end no later.
                || (authority.notAfter().equals(roots.get(0).notAfter()) && left.compareTo(Duration.ZERO) > 0);
    }

    private Authority root(int index) throws IOException {
        Path file = file("root", index, "");
        Path keyFile = file("root", index, "-key");
        if (Files.exists(file)) {
            return Authority.read(file, keyFile)
                    .orElseThrow(() -> new IOException(file + ": its key is not in " + keyFile.getFileName()
                            + "; put the key back, or remove both to make a new CA that nobody trusts yet"));
        }
        KeyPair key = Keys.generate(KeyType.EC_P256);
        Instant now = now();
        X509Certificate certificate = template.root(
                key, name("Postern internal root"), new Validity(now.minus(AUTHORITY_BACKDATE), now.plus(ROOT_LIFE)));
        return new Authority(certificate, key.getPrivate()).write(file, keyFile);
    }

    private List<Signer> signers() throws IOException {
        List<Signer> all = new ArrayList<>();
        for (int i = 0; i < shape.intermediates(); i++) {
            Authority authority = intermediate(i);
            // Not kept: another one for the same key is as good.
            all.add(new Signer(
                    authority,
                    roots.stream()
                            .skip(1)
                            .map(root -> crossSigned(authority, root))
                            .toList()));
        }
        return List.copyOf(all);
    }

    /** The one on disk where it is good, else a new one. */
    private Authority intermediate(int index) throws IOException {
        Path file = file("intermediate", index, "");
        Path keyFile = file("intermediate", index, "-key");
        Authority root = roots.get(0);
        Optional<Authority> kept = Authority.read(file, keyFile)
                .filter(authority -> root.signed(authority.certificate()))
                .filter(this::isFresh);
        if (kept.isPresent()) {
            return kept.get();
        }
        KeyPair key = Keys.generate(KeyType.EC_P256);
        Instant now = now();
        Instant notAfter = earlier(now.plus(INTERMEDIATE_LIFE), root.notAfter());
        if (!notAfter.isAfter(now)) {
            throw new IOException(rootFile() + ": expired at " + root.notAfter()
                    + "; remove it to make a new CA, which clients must then be told to trust");
        }
        X509Certificate certificate = template.intermediate(
                root.certificate(),
                root.key(),
                key.getPublic(),
                new X500Principal(name("Postern internal intermediate")),
                new Validity(later(now.minus(AUTHORITY_BACKDATE), root.notBefore()), notAfter));
        return new Authority(certificate, key.getPrivate()).write(file, keyFile);
    }

    private X509Certificate crossSigned(Authority intermediate, Authority root) {
        return template.intermediate(
                root.certificate(),
                root.key(),
                intermediate.certificate().getPublicKey(),
                intermediate.certificate().getSubjectX500Principal(),
                new Validity(
                        later(intermediate.notBefore(), root.notBefore()),
                        earlier(intermediate.notAfter(), root.notAfter())));
    }

    /** {@code root.pem}, {@code root-2.pem}, … */
    private Path file(String what, int index, String suffix) {
        return directory.resolve(what + (index == 0 ? "" : "-" + (index + 1)) + suffix + ".pem");
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
            try (FileChannel channel = openLock(directory.resolve("lock"));
                    FileLock lock = channel.lock()) {
                if (!lock.isValid()) {
                    throw new IOException(directory + ": cannot be locked");
                }
                return opening.run();
            }
        }
    }

    private static FileChannel openLock(Path file) throws IOException {
        try {
            return DurableFiles.openLock(file);
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }
}
