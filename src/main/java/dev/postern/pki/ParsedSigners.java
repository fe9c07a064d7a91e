package dev.postern.pki;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Certificates of CAs as they were parsed lately: thousands of files have the same few behind their leaves. Any thread. */
final class ParsedSigners {
    /** The signers of all CAs; some kilobytes each. */
    private static final int REMEMBERED = 500;

    @GuardedBy("this") private final Map<Encoded, X509Certificate> parsed = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Encoded, X509Certificate> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** Compared by what is in it; nobody else has it. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Encoded(byte[] der) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Encoded encoded && Arrays.equals(der, encoded.der);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(der);
        }
    }

    X509Certificate of(byte[] der) throws CertificateException {
        Encoded encoded = new Encoded(der);
        synchronized (this) {
            X509Certificate known = parsed.get(encoded);
            if (known != null) {
                return known;
            }
        }
        X509Certificate made = parse(der);
        synchronized (this) {
            parsed.put(encoded, made);
        }
        return made;
    }

    static X509Certificate parse(byte[] der) throws CertificateException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }
}
