package dev.postern.certificate;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code certs/<site>/}: its generations, the order in flight and the history of its attempts. What a site has is read
 * off these files each time, never off a flag that says so. Used by one thread at a time.
 */
final class SiteFolder {
    private static final Logger LOG = LoggerFactory.getLogger(SiteFolder.class);

    /** The current generation and the two before it; an operator may want to go back. */
    private static final int KEPT = 3;

    private static final String CURRENT = "current";
    private static final String KEY = "privkey.pem";

    private final String site;
    private final Path folder;

    SiteFolder(String site, Path folder) {
        this.site = site;
        this.folder = folder;
    }

    /**
     * The generation to serve: the one that {@code current} names, or else the newest that is whole; one that is not
     * expired before one that is. What does not fit is passed over with a line in the log.
     */
    Optional<Generation> load(Instant now) throws IOException {
        List<Integer> numbers = numbers();
        numbers.sort(Comparator.reverseOrder());
        int current = current();
        if (numbers.remove(Integer.valueOf(current))) {
            numbers.add(0, current);
        } else if (!numbers.isEmpty()) {
            LOG.warn("{}: {}: missing or dangling; the newest good generation is used", site, folder.resolve(CURRENT));
        }
        Generation expired = null;
        for (int number : numbers) {
            try {
                Generation generation = new Generation(number, read(number));
                if (!generation.certificate().isExpired(now)) {
                    return Optional.of(generation);
                }
                expired = expired == null ? generation : expired;
            } catch (IOException | CertificateException e) {
                LOG.warn(
                        "{}: {}: {}; refused, the generation before it is tried",
                        site,
                        folder.resolve(Integer.toString(number)),
                        e instanceof IOException io ? CertificateStore.reason(io) : e.getMessage());
            }
        }
        return Optional.ofNullable(expired);
    }

    /**
     * For who looks on: what the daemon passes over with a warning, it would have to call "no certificate".
     *
     * @throws IOException with the path and the reason
     */
    void requireReadable() throws IOException {
        CertificateStore.requireReadable(folder);
        for (int number : numbers()) {
            Path generation = folder.resolve(Integer.toString(number));
            CertificateStore.requireReadable(generation);
            for (Path file : DurableFiles.list(generation)) {
                CertificateStore.requireReadable(file);
            }
        }
    }

    /**
     * Where a crash came between writing a generation and making it current, makes it current: its key is the one in the
     * journal. Where the journal's certificate is current already, forgets the order.
     */
    void finishInstallation() throws IOException {
        for (OrderEntry entry : orders()) {
            if (entry.keyPem() != null) {
                finishInstallation(entry, entry.keyPem());
            }
        }
    }

    private void finishInstallation(OrderEntry entry, String keyPem) throws IOException {
        int newest = newest();
        if (newest == 0) {
            return;
        }
        try {
            Certificate certificate = read(newest);
            if (Keys.fit(Pem.readKey(keyPem), certificate.leaf().getPublicKey())) {
                if (current() != newest) {
                    pointTo(newest);
                }
                forget(entry);
            }
        } catch (IOException | CertificateException e) {
            LOG.debug("{}: generation {} is not the one of the order in flight", site, newest, e);
        }
    }

    /** Where {@code current} names no generation, lets it name the one that is served: other programs read it, too. */
    void repairCurrent(int served) throws IOException {
        if (!numbers().contains(current())) {
            pointTo(served);
            LOG.info("{}: {}: points to generation {} now", site, folder.resolve(CURRENT), served);
        }
    }

    private int newest() throws IOException {
        return numbers().stream().mapToInt(n -> n).max().orElse(0);
    }

    private Certificate read(int number) throws IOException, CertificateException {
        Path generation = folder.resolve(Integer.toString(number));
        Path key = generation.resolve(KEY);
        String fullchain = Files.readString(generation.resolve("fullchain.pem"));
        String leaf = Files.readString(generation.resolve("cert.pem"));
        String chain = Files.readString(generation.resolve("chain.pem"));
        if (!fullchain.equals(leaf + chain)) {
            throw new CertificateException("cert.pem and chain.pem together are not fullchain.pem");
        }
        Certificate certificate = Certificate.of(
                site, issuer(generation), Pem.readKey(Files.readString(key)), Pem.readCertificates(fullchain));
        if (DurableFiles.isReadableByOthers(key)) {
            LOG.warn("{}: {}: readable by group or others (expected: mode 0600); used all the same", site, key);
        }
        return certificate;
    }

    private static String issuer(Path generation) {
        try {
            JsonElement issuer = JsonParser.parseString(Files.readString(generation.resolve("meta.json")))
                    .getAsJsonObject()
                    .get("issuer");
            return issuer == null ? "unknown" : issuer.getAsString();
        } catch (IOException | JsonParseException | IllegalStateException e) {
            // Key and chain are what counts; only the name is lost.
            return "unknown";
        }
    }

    /** Writes a new generation and makes it current; what came before is untouched until the last rename. */
    Generation store(Certificate certificate, @Nullable OrderEntry order, Instant now) throws IOException {
        DurableFiles.createDirectories(folder);
        int newest = newest();
        if (newest > 0 && holds(newest, certificate)) {
            // Written before, but not made current: once is enough.
            pointTo(newest);
            return new Generation(newest, certificate);
        }
        int number = newest + 1;
        Path unfinished = folder.resolve(DurableFiles.UNFINISHED + number);
        DurableFiles.delete(unfinished);
        try {
            DurableFiles.createDirectories(unfinished);
            List<X509Certificate> chain = certificate.chain();
            String leaf = Pem.of(chain.subList(0, 1));
            String rest = Pem.of(chain.subList(1, chain.size()));
            DurableFiles.create(unfinished.resolve(KEY), Pem.of(certificate.key()));
            DurableFiles.create(unfinished.resolve("cert.pem"), leaf);
            DurableFiles.create(unfinished.resolve("chain.pem"), rest);
            DurableFiles.create(unfinished.resolve("fullchain.pem"), leaf + rest);
            DurableFiles.create(unfinished.resolve("meta.json"), meta(certificate, order, now));
            DurableFiles.sync(unfinished);
            Files.move(unfinished, folder.resolve(Integer.toString(number)), StandardCopyOption.ATOMIC_MOVE);
            DurableFiles.sync(folder);
        } catch (CertificateException e) {
            throw new IOException("a certificate that cannot be encoded", e);
        } catch (IOException e) {
            deleteQuietly(unfinished);
            throw e;
        }
        pointTo(number);
        removeOld(number);
        return new Generation(number, certificate);
    }

    private String meta(Certificate certificate, @Nullable OrderEntry order, Instant now) {
        JsonObject meta = new JsonObject();
        meta.addProperty("site", site);
        JsonArray names = new JsonArray();
        certificate.names().forEach(names::add);
        meta.add("names", names);
        meta.addProperty("issuer", certificate.issuer());
        meta.addProperty("serial", certificate.serialText());
        meta.addProperty("not-before", certificate.notBefore().toString());
        meta.addProperty("not-after", certificate.notAfter().toString());
        meta.addProperty("stored", now.toString());
        if (order != null) {
            meta.addProperty("account", order.account());
            meta.addProperty("order", order.order());
        }
        return new GsonBuilder().setPrettyPrinting().create().toJson(meta) + "\n";
    }

    private boolean holds(int number, Certificate certificate) {
        try {
            return read(number).chain().equals(certificate.chain());
        } catch (IOException | CertificateException e) {
            LOG.debug("{}: generation {} is not this one", site, number, e);
            return false;
        }
    }

    private void pointTo(int number) throws IOException {
        Path current = folder.resolve(CURRENT);
        try {
            if (Files.exists(current, LinkOption.NOFOLLOW_LINKS) && !Files.isSymbolicLink(current)) {
                // A backup that was restored without its links: nothing of it is thrown away.
                Path aside = aside();
                Files.move(current, aside);
                LOG.warn("{}: {}: not a link (expected: a link to a generation); moved to {}", site, current, aside);
            }
            replaceCurrent(number);
        } catch (IOException e) {
            throw new IOException(current + ": " + CertificateStore.reason(e), e);
        }
    }

    private Path aside() {
        int number = 1;
        while (Files.exists(folder.resolve(CURRENT + ".old-" + number), LinkOption.NOFOLLOW_LINKS)) {
            number++;
        }
        return folder.resolve(CURRENT + ".old-" + number);
    }

    private void replaceCurrent(int number) throws IOException {
        Path link = folder.resolve(DurableFiles.UNFINISHED + CURRENT);
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, Path.of(Integer.toString(number)));
        Files.move(link, folder.resolve(CURRENT), StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.sync(folder);
    }

    private void removeOld(int current) throws IOException {
        for (int number : numbers()) {
            if (number <= current - KEPT) {
                deleteQuietly(folder.resolve(Integer.toString(number)));
            }
        }
    }

    private void deleteQuietly(Path path) {
        try {
            DurableFiles.delete(path);
        } catch (IOException e) {
            LOG.warn("{}: {}: not removed: {}; it is not used", site, path, CertificateStore.reason(e));
        }
    }

    private List<Integer> numbers() throws IOException {
        List<Integer> numbers = new ArrayList<>();
        for (Path child : DurableFiles.list(folder)) {
            String name = child.getFileName().toString();
            if (name.matches("[1-9][0-9]{0,8}") && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                numbers.add(Integer.valueOf(name));
            }
        }
        return numbers;
    }

    /** The number that {@code current} names; 0 where it names none. */
    private int current() {
        try {
            String target = Files.readSymbolicLink(folder.resolve(CURRENT)).toString();
            return target.matches("[1-9][0-9]{0,8}") ? Integer.parseInt(target) : 0;
        } catch (IOException | UnsupportedOperationException e) {
            return 0;
        }
    }

    OrderJournal journal(String issuer) {
        return new OrderFile(site, folder, issuer);
    }

    /** The orders in flight: mostly one, of several issuers after an emergency. */
    private List<OrderEntry> orders() throws IOException {
        List<OrderEntry> orders = new ArrayList<>();
        for (Path child : DurableFiles.list(folder)) {
            String name = child.getFileName().toString();
            if (name.equals("order.json") || name.matches("order-.*\\.json")) {
                new OrderFile(site, folder, "").read(child).ifPresent(orders::add);
            }
        }
        return orders;
    }

    /** Forgets this order, and no other that may have taken its place. */
    void forget(OrderEntry order) throws IOException {
        OrderJournal journal = journal(order.issuer());
        if (journal.read().filter(kept -> kept.order().equals(order.order())).isPresent()) {
            journal.clear();
        }
    }

    /** The attempts so far; none where nothing is written or what is written cannot be read. */
    RenewalHistory history() {
        Path file = folder.resolve("renewal.json");
        try {
            return Files.exists(file)
                    ? RenewalHistory.parse(
                            JsonParser.parseString(Files.readString(file)).getAsJsonObject())
                    : RenewalHistory.NONE;
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: {}: not readable ({}); counted as no attempt yet", site, file, e.getMessage());
            return RenewalHistory.NONE;
        }
    }

    void write(RenewalHistory history) throws IOException {
        DurableFiles.replace(
                folder.resolve("renewal.json"),
                new GsonBuilder().setPrettyPrinting().create().toJson(history.toJson()) + "\n");
    }
}
