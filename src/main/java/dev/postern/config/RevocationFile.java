package dev.postern.config;

import java.io.ByteArrayInputStream;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code crl}: PEM (<a href="https://datatracker.ietf.org/doc/html/rfc7468#section-6">RFC 7468 §6</a>) with lists of revoked
 * certificates, one after the other; other blocks and the text between them are passed over.
 */
public final class RevocationFile {
    private static final Pattern BLOCK = Pattern.compile("-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----");

    private RevocationFile() {}

    /**
     * The lists in the {@linkplain CaFile#text text} of a file, at least one.
     *
     * @throws CRLException with what is wrong
     */
    public static List<X509CRL> parse(String text) throws CRLException {
        Matcher block = BLOCK.matcher(text);
        List<X509CRL> lists = new ArrayList<>();
        while (block.find()) {
            try {
                byte[] der = Base64.getMimeDecoder().decode(block.group(1));
                lists.add((X509CRL) CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der)));
            } catch (CertificateException | CRLException | IllegalArgumentException e) {
                throw new CRLException("holds a list of revoked certificates that cannot be read", e);
            }
        }
        if (!lists.isEmpty()) {
            return List.copyOf(lists);
        }
        boolean der = text.length() > 1 && text.charAt(0) == 0x30 && (text.charAt(1) & 0x80) != 0;
        throw new CRLException(
                der ? "is DER; openssl crl -inform der makes PEM of it" : "holds no list of revoked certificates");
    }
}
