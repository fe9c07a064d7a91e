package dev.postern.identity;

import dev.postern.wire.ClientCertificate;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** What log and servers are told of a certificate, as text that can be put anywhere. */
public final class ShownFacts {
    /** As OpenSSL calls what RFC 4514 has no name for. */
    private static final Map<String, String> ATTRIBUTES = Map.of(
            "1.2.840.113549.1.9.1", "emailAddress",
            "2.5.4.4", "SN",
            "2.5.4.5", "serialNumber",
            "2.5.4.12", "title",
            "2.5.4.15", "businessCategory",
            "2.5.4.42", "GN",
            "2.5.4.97", "organizationIdentifier");

    // Tags of GeneralName, RFC 5280 section 4.2.1.6.
    private static final Map<Integer, String> NAMES = Map.of(1, "email:", 2, "DNS:", 6, "URI:", 7, "IP:");

    private static final HexFormat SERIAL = HexFormat.of().withUpperCase();

    private ShownFacts() {}

    /** Of what was judged. */
    public static ClientCertificate of(Judgement judgement) {
        List<X509Certificate> path = judgement.path();
        X509Certificate leaf = path.get(0);
        try {
            String chain = path.size() == 1 ? null : sequences(path.subList(1, path.size()));
            return new ClientCertificate(
                    judgement.verification(),
                    name(leaf.getSubjectX500Principal()),
                    name(leaf.getIssuerX500Principal()),
                    alternatives(leaf),
                    serial(leaf.getSerialNumber()),
                    HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(leaf.getEncoded())),
                    sequences(path.subList(0, 1)),
                    chain);
        } catch (CertificateEncodingException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String sequences(List<X509Certificate> certificates) throws CertificateEncodingException {
        List<String> all = new ArrayList<>();
        for (X509Certificate one : certificates) {
            all.add(':' + Base64.getEncoder().encodeToString(one.getEncoded()) + ':');
        }
        return String.join(", ", all);
    }

    private static String name(X500Principal name) {
        return printable(name.getName(X500Principal.RFC2253, ATTRIBUTES), "");
    }

    private static String serial(BigInteger serial) {
        byte[] bytes = serial.abs().toByteArray();
        int from = bytes.length > 1 && bytes[0] == 0 ? 1 : 0;
        return (serial.signum() < 0 ? "-" : "") + SERIAL.formatHex(bytes, from, bytes.length);
    }

    private static @Nullable String alternatives(X509Certificate leaf) {
        Collection<List<?>> all;
        try {
            all = leaf.getSubjectAlternativeNames();
        } catch (CertificateParsingException e) {
            return null;
        }
        String text = all == null
                ? ""
                : all.stream()
                        .filter(name -> NAMES.containsKey(name.get(0)))
                        .map(name -> NAMES.get(name.get(0)) + printable(String.valueOf(name.get(1)), "\\,\""))
                        .collect(Collectors.joining(", "));
        return text.isEmpty() ? null : text;
    }

    /** Escaped as RFC 4514 section 2.4 does: what is no printable ASCII, and these. */
    private static String printable(String text, String escaped) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c >= 0x20 && c < 0x7f && escaped.indexOf(c) < 0) {
                out.append((char) c);
            } else {
                for (byte octet : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                    out.append('\\').append(HexFormat.of().toHexDigits(octet).toUpperCase(Locale.ROOT));
                }
            }
        });
        return out.toString();
    }
}
