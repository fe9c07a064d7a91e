package dev.postern.certificate.store.files;

import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.store.Generation;
import dev.postern.certificate.store.Generations;
import dev.postern.certificate.store.NotLeader;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Certificate;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The generations in {@code certs/<site>/}, and {@code current}, the link that names the one to serve. Used by one thread
 * at a time.
 */
final class GenerationFolders implements Generations {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationFolders.class);

    /** The current generation and the two before it; an operator may want to go back. Those that are shown stay besides. */
    private static final int KEPT = 3;

    private static final String CURRENT = "current";

    private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,8}");

    private final String site;
    private final Path folder;
    private final TokenFile token;

    /** Revoked, and not marked so on disk: that refused. */
    private final Map<Integer, RevocationReason> unmarked = new TreeMap<>();

    /** @param folder of the site */
    GenerationFolders(String site, Path folder, TokenFile token) {
        this.site = site;
        this.folder = folder;
        this.token = token;
    }

    // ---- what there is

    @Override
    public Optional<Generation> load(List<String> names, Instant now) throws IOException {
        return load(names, now, LOG::warn);
    }

    @Override
    public Optional<Generation> look(List<String> names, Instant now) throws IOException {
        return load(names, now, LOG::debug);
    }

    private interface Passing {
        void over(String format, Object... what);
    }

    private Optional<Generation> load(List<String> names, Instant now, Passing passing) throws IOException {
        List<Integer> numbers = newestFirst();
        int current = current();
        if (numbers.remove(Integer.valueOf(current))) {
            numbers.add(0, current);
        } else if (!numbers.isEmpty()) {
            passing.over(
                    "{}: {}: missing or dangling; the newest good generation is used", site, folder.resolve(CURRENT));
        }
        Generation expired = null;
        for (int number : numbers) {
            try {
                Generation generation = new Generation(number, read(number, names));
                if (!generation.certificate().isExpired(now)) {
                    return Optional.of(generation);
                }
                expired = expired == null ? generation : expired;
            } catch (IOException | CertificateException e) {
                passing.over(
                        "{}: {}: {}; refused, the generation before it is tried",
                        site,
                        path(number),
                        String.valueOf(why(e)));
            }
        }
        return Optional.ofNullable(expired);
    }

    private static @Nullable String why(Exception e) {
        return e instanceof IOException io ? DiskFailure.reason(io) : e.getMessage();
    }

    @Override
    public int numberOf(Certificate certificate) throws IOException {
        for (int number : numbers()) {
            if (folder(number).holds(certificate)) {
                return number;
            }
        }
        return 0;
    }

    @Override
    public Optional<Certificate> find(String serial) throws IOException {
        for (int number : newestFirst()) {
            try {
                Certificate certificate = folder(number).readAny();
                if (certificate.serialText().equals(serial)) {
                    return Optional.of(certificate);
                }
            } catch (IOException | CertificateException e) {
                LOG.debug("{}: generation {} is not the one with serial {}", site, number, serial, e);
            }
        }
        return Optional.empty();
    }

    @Override
    public Optional<String> account(int number) {
        return folder(number).account();
    }

    @Override
    public String describe(int number) {
        return path(number).toAbsolutePath().toString();
    }

    private Path path(int number) {
        return folder.resolve(Integer.toString(number));
    }

    @Override
    public boolean isThere(int number) {
        return folder(number).isThere();
    }

    @Override
    public boolean isRolledBack(int number) {
        return folder(number).isRolledBack();
    }

    private GenerationFolder folder(int number) {
        return new GenerationFolder(site, path(number));
    }

    /** @throws IOException with the path and the reason */
    void requireReadable() throws IOException {
        for (int number : numbers()) {
            folder(number).requireReadable();
        }
    }

    private List<Integer> numbers() throws IOException {
        List<Integer> numbers = new ArrayList<>();
        for (Path child : DurableFiles.list(folder)) {
            String name = child.getFileName().toString();
            if (NUMBER.matcher(name).matches() && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                numbers.add(Integer.valueOf(name));
            }
        }
        return numbers;
    }

    @Override
    public List<Integer> newestFirst() throws IOException {
        List<Integer> numbers = numbers();
        numbers.sort(Comparator.reverseOrder());
        return numbers;
    }

    private int newest() throws IOException {
        return numbers().stream().mapToInt(n -> n).max().orElse(0);
    }

    // ---- adding, going back, refusing

    /** What came before is untouched until the last rename. */
    @Override
    public Generation store(Certificate certificate, @Nullable OrderEntry order, Instant now) throws IOException {
        DurableFiles.createDirectories(folder);
        int newest = newest();
        if (newest > 0 && folder(newest).holds(certificate)) {
            // Written before, but not made current: once is enough.
            pointTo(newest);
            return new Generation(newest, certificate);
        }
        int number = newest + 1;
        Path unfinished = folder.resolve(DurableFiles.UNFINISHED + number);
        DurableFiles.delete(unfinished);
        try {
            new GenerationFolder(site, unfinished).write(certificate, order, now);
            token.requireForWriting();
            Files.move(unfinished, path(number), StandardCopyOption.ATOMIC_MOVE);
            DurableFiles.sync(folder);
        } catch (IOException e) {
            deleteQuietly(unfinished);
            throw e;
        }
        pointTo(number);
        return new Generation(number, certificate);
    }

    @Override
    public Generation rollback(List<String> names, int served, Instant now) throws IOException {
        StringBuilder refused = new StringBuilder();
        for (int number : newestFirst()) {
            if (served > 0 && number >= served) {
                continue;
            }
            refused.append("; ").append(number).append(": ");
            try {
                Certificate certificate = read(number, names);
                if (!certificate.isExpired(now)) {
                    token.requireForWriting();
                    if (served > 0) {
                        folder(served).rolledBack();
                    }
                    pointTo(number);
                    return new Generation(number, certificate);
                }
                refused.append("expired on ").append(certificate.notAfter());
            } catch (NotLeader e) {
                throw e;
            } catch (IOException | CertificateException e) {
                refused.append(why(e));
            }
        }
        throw new IOException(folder + ": there is no good generation before "
                + (served == 0 ? "the one that is served" : String.valueOf(served)) + refused);
    }

    @Override
    public void revoked(int number, RevocationReason reason) throws IOException {
        unmarked.put(number, reason);
        token.requireForWriting();
        folder(number).revoked(reason);
        unmarked.remove(number);
    }

    @Override
    public void markRevoked() {
        for (Map.Entry<Integer, RevocationReason> one : List.copyOf(unmarked.entrySet())) {
            try {
                revoked(one.getKey(), one.getValue());
            } catch (IOException e) {
                LOG.debug("{}: {}: marking it as revoked", site, path(one.getKey()), e);
            }
        }
    }

    @Override
    public Map<Integer, RevocationReason> unmarked() {
        return Map.copyOf(unmarked);
    }

    @Override
    public void inherit(Generations before) {
        unmarked.putAll(before.unmarked());
    }

    @Override
    public Certificate read(int number, List<String> names) throws IOException, CertificateException {
        RevocationReason reason = unmarked.get(number);
        if (reason != null) {
            throw new CertificateException("it was revoked: " + reason.text());
        }
        return folder(number).read(names);
    }

    @Override
    public Optional<String> revokedAfter(int number) throws IOException {
        int newest = newest();
        if (newest <= number) {
            return Optional.empty();
        }
        RevocationReason reason = unmarked.get(newest);
        return reason == null ? folder(newest).revocation() : Optional.of(reason.text());
    }

    // ---- after a crash

    /**
     * Makes the newest generation current where it has this key.
     *
     * @return whether it has
     */
    boolean adoptNewest(String keyPem) throws IOException {
        int newest = newest();
        if (newest == 0) {
            return false;
        }
        try {
            PrivateKey key = Pem.readKey(keyPem);
            if (!Keys.fit(key, folder(newest).read().leaf().getPublicKey())) {
                return false;
            }
            if (current() != newest) {
                pointTo(newest);
            }
            return true;
        } catch (NotLeader e) {
            throw e;
        } catch (IOException | CertificateException e) {
            LOG.debug("{}: generation {} is not the one of the order in flight", site, newest, e);
            return false;
        }
    }

    @Override
    public void repairCurrent(int served) throws IOException {
        if (!numbers().contains(current())) {
            pointTo(served);
            LOG.info("{}: {}: points to generation {} now", site, folder.resolve(CURRENT), served);
        }
    }

    @Override
    public void cleanUp(Set<Integer> shown) throws IOException {
        token.requireForWriting();
        DurableFiles.removeUnfinished(folder);
        removeOld(shown);
    }

    @Override
    public void removeOld(Set<Integer> shown) throws IOException {
        int current = current();
        List<Integer> numbers = newestFirst();
        if (!numbers.contains(current)) {
            return;
        }
        int before = 0;
        for (int number : numbers) {
            if (number < current && ++before >= KEPT && !shown.contains(number)) {
                token.requireForWriting();
                deleteQuietly(path(number));
            }
        }
    }

    private void deleteQuietly(Path path) {
        try {
            DurableFiles.delete(path);
        } catch (IOException e) {
            LOG.warn("{}: {}: not removed: {}; it is not used", site, path, DiskFailure.reason(e));
        }
    }

    // ---- the link

    /** The number that {@code current} names; 0 where it names none. */
    private int current() {
        try {
            String target = Files.readSymbolicLink(folder.resolve(CURRENT)).toString();
            return NUMBER.matcher(target).matches() ? Integer.parseInt(target) : 0;
        } catch (IOException | UnsupportedOperationException e) {
            return 0;
        }
    }

    private void pointTo(int number) throws IOException {
        Path current = folder.resolve(CURRENT);
        token.requireForWriting();
        try {
            if (Files.exists(current, LinkOption.NOFOLLOW_LINKS) && !Files.isSymbolicLink(current)) {
                // A backup that was restored without its links: nothing of it is thrown away.
                Path aside = aside();
                Files.move(current, aside);
                LOG.warn("{}: {}: not a link (expected: a link to a generation); moved to {}", site, current, aside);
            }
            Path link = folder.resolve(DurableFiles.UNFINISHED + CURRENT);
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, Path.of(Integer.toString(number)));
            Files.move(link, current, StandardCopyOption.ATOMIC_MOVE);
            DurableFiles.sync(folder);
        } catch (IOException e) {
            throw new IOException(current + ": " + DiskFailure.reason(e), e);
        }
    }

    private Path aside() {
        int number = 1;
        while (Files.exists(folder.resolve(CURRENT + ".old-" + number), LinkOption.NOFOLLOW_LINKS)) {
            number++;
        }
        return folder.resolve(CURRENT + ".old-" + number);
    }
}
