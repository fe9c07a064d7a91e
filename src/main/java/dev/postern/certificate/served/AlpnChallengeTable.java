package dev.postern.certificate.served;

import dev.postern.config.Addresses;
import dev.postern.config.KeyType;
import dev.postern.pki.Certificate;
import dev.postern.pki.Keys;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The TLS-ALPN-01 answers that are due now: server name → the certificate that only a CA's validator is shown,
 * <a href="https://datatracker.ietf.org/doc/html/rfc8737#section-3">RFC 8737 §3</a>; of an address
 * <a href="https://datatracker.ietf.org/doc/html/rfc8738#section-6">RFC 8738 §6</a>. Written by orders, read by handshakes
 * on any event loop.
 */
public final class AlpnChallengeTable {
    /** The one application protocol of a validator. */
    public static final String PROTOCOL = "acme-tls/1";

    /** id-pe-acmeIdentifier. */
    private static final String ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";

    /** Nobody looks at the dates; these are right on either side of every clock that is somewhat wrong. */
    private static final Duration EITHER_SIDE = Duration.ofDays(7);

    /**
     * @param holders orders that show it: those that share an authorization have the same; 0 while it is only restored
     * @param looks how often it was shown
     */
    private record Answer(String keyAuthorization, Certificate certificate, int holders, AtomicInteger looks) {
        Answer held(int change) {
            return new Answer(keyAuthorization, certificate, holders + change, looks);
        }
    }

    private final ConcurrentHashMap<String, Answer> answers = new ConcurrentHashMap<>();
    private final InstantSource clock;

    public AlpnChallengeTable(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * Makes the certificate, some milliseconds of work, and shows it until it is removed as often as it was put.
     *
     * @throws IOException where another answer for this name is shown: whose validator says hello cannot be told, and
     *     one certificate has room for one answer
     */
    public void put(String name, String keyAuthorization) throws IOException {
        Answer made = new Answer(keyAuthorization, certificate(name, keyAuthorization), 1, new AtomicInteger());
        Answer shown = answers.merge(
                serverName(name),
                made,
                (open, next) -> open.keyAuthorization().equals(keyAuthorization)
                        ? open.held(1)
                        : open.holders() == 0 ? next : open);
        if (!shown.keyAuthorization().equals(keyAuthorization)) {
            throw new IOException("another validation of \"" + name
                    + "\" by tls-alpn-01 is under way (expected: one at a time); tried again when it is over");
        }
    }

    /**
     * Shows what no order of this process has put, until one puts it or another answer for that name, or it is removed: what
     * a process before this one showed. It gives way to whatever else is there.
     */
    public void restore(String name, String keyAuthorization) {
        Answer made = new Answer(keyAuthorization, certificate(name, keyAuthorization), 0, new AtomicInteger());
        answers.merge(serverName(name), made, (open, next) -> open.holders() == 0 ? next : open);
    }

    /** Another answer for the same name stays. */
    public void remove(String name, String keyAuthorization) {
        answers.computeIfPresent(serverName(name), (key, open) -> {
            if (!open.keyAuthorization().equals(keyAuthorization)) {
                return open;
            }
            return open.holders() > 1 ? open.held(-1) : null;
        });
    }

    /**
     * What a validator is shown; null where no challenge is open for this very name.
     *
     * @param serverName lower-case, without a trailing dot
     */
    public @Nullable Certificate find(String serverName) {
        Answer answer = answers.get(serverName);
        if (answer == null) {
            return null;
        }
        answer.looks().incrementAndGet();
        return answer.certificate();
    }

    /** How often what is open for this name was shown. */
    int looks(String name) {
        Answer answer = answers.get(serverName(name));
        return answer == null ? 0 : answer.looks().get();
    }

    /** What a validator says hello to: a server name cannot be an address, and its name for reverse look-ups is one. */
    private static String serverName(String name) {
        InetAddress address = Addresses.literal(name);
        return address == null ? name : Addresses.reverseName(address);
    }

    @SuppressWarnings("JavaUtilDate") // BouncyCastle's builder wants it.
    private Certificate certificate(String name, String keyAuthorization) {
        KeyPair keys = Keys.generate(KeyType.EC_P256);
        Instant now = clock.instant();
        X500Name subject = new X500Name("CN=" + PROTOCOL.replace('/', ' '));
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                subject,
                BigInteger.ONE,
                Date.from(now.minus(EITHER_SIDE)),
                Date.from(now.plus(EITHER_SIDE)),
                subject,
                keys.getPublic());
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(keyAuthorization.getBytes(StandardCharsets.US_ASCII));
            builder.addExtension(new ASN1ObjectIdentifier(ACME_IDENTIFIER), true, new DEROctetString(digest));
            // Exactly one, says the RFC.
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(
                            Addresses.isAddress(name) ? GeneralName.iPAddress : GeneralName.dNSName, name)));
            X509Certificate leaf = new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
            return Certificate.of(name, PROTOCOL, keys.getPrivate(), List.of(leaf));
        } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
            throw new IllegalStateException("this Java cannot make a certificate", e);
        }
    }
}
