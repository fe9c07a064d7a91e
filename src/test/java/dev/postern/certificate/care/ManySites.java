package dev.postern.certificate.care;

import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.pki.Pem;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** A store of many sites with a certificate each, written without the care for durability that takes most of the time. */
public final class ManySites {
    private static final Duration LIFE = Duration.ofDays(90);

    /** Keys are slow to make, and nothing depends on their being different. */
    private static final int KEYS = 16;

    private final TestCa ca = TestCa.create();
    private final List<String> names;
    private final Map<String, String> serials = new ConcurrentHashMap<>();
    private final Map<String, Path> texts = new HashMap<>();

    private ManySites(List<String> names) {
        this.names = names;
    }

    /** {@code s0.example.com} and so on, certified a day ago. */
    public static ManySites write(Path store, int count, Instant now) {
        List<String> names = IntStream.range(0, count)
                .mapToObj(i -> "s" + i + ".example.com")
                .toList();
        ManySites sites = new ManySites(names);
        TestCa.Intermediate intermediate = sites.ca.intermediate();
        List<KeyPair> keys = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            keys.add(TestCa.newKeys());
        }
        Instant from = now.minus(Duration.ofDays(1));
        IntStream.range(0, count).parallel().forEach(i -> {
            try {
                sites.write(store, names.get(i), intermediate, keys.get(i % KEYS), from);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (CertificateException e) {
                throw new IllegalStateException(e);
            }
        });
        return sites;
    }

    private void write(Path store, String name, TestCa.Intermediate intermediate, KeyPair keys, Instant from)
            throws IOException, CertificateException {
        TestCa.Issued issued = intermediate.issue(List.of(name, "www." + name), from, LIFE, keys);
        String serial = issued.leaf().getSerialNumber().toString(16);
        serials.put(name, serial);
        Path folder = store.resolve(name);
        Path generation = Files.createDirectories(folder.resolve("1"));
        String leaf = Pem.of(issued.chain().subList(0, 1));
        String chain = Pem.of(issued.chain().subList(1, 2));
        link(store, generation.resolve("privkey.pem"), Pem.of(issued.key()));
        link(store, generation.resolve("chain.pem"), chain);
        link(store, generation.resolve("meta.json"), "{\"issuer\": \"test\"}");
        Files.writeString(generation.resolve("cert.pem"), leaf);
        Files.writeString(generation.resolve("fullchain.pem"), leaf + chain);
        Files.createSymbolicLink(folder.resolve("current"), Path.of("1"));
        RenewalHistory history =
                RenewalHistory.NONE.picked(new RenewalHistory.Pick(serial, from.plus(LIFE.dividedBy(2))));
        Files.writeString(folder.resolve("renewal.json"), history.toJson().toString());
    }

    /** The same few texts again and again: links are quicker than files. */
    private void link(Path store, Path file, String text) throws IOException {
        Path shared;
        synchronized (texts) {
            shared = texts.get(text);
            if (shared == null) {
                shared = Files.writeString(store.resolve("shared-" + texts.size()), text);
                Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rw-------"));
                texts.put(text, shared);
            }
        }
        Files.createLink(file, shared);
    }

    public List<String> names() {
        return names;
    }

    public X509Certificate root() {
        return ca.root();
    }

    /** Of the certificate of this site, hexadecimal. */
    public String serial(String name) {
        return String.valueOf(serials.get(name));
    }
}
