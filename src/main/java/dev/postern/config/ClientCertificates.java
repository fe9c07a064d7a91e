package dev.postern.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which certificates clients of a site show, and who is told of them.
 *
 * @param ca whose certificates are believed: each of these may be the last one of a chain
 * @param crl what they have taken back; null where nobody looks
 * @param depth how many certificates may be between that of a client and one of {@code ca}
 * @param headers in which servers are told of it
 */
public record ClientCertificates(KeptFile ca, @Nullable KeptFile crl, Mode mode, int depth, List<Header> headers) {
    /** <a href="https://datatracker.ietf.org/doc/html/rfc9440#section-2">RFC 9440 §2</a>: nobody but a proxy may say these. */
    private static final List<String> REGISTERED = List.of("client-cert", "client-cert-chain");

    /** What becomes of a client whose certificate is none, or not a good one. */
    public enum Mode {
        /** There is no handshake. */
        REQUIRE,
        /** There is one, and routes and servers decide. */
        REQUEST;

        /** As in the file. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a server may be told of a certificate. */
    public enum Fact {
        /** All of it, as a byte sequence, <a href="https://datatracker.ietf.org/doc/html/rfc9440#section-2.2">RFC 9440 §2.2</a>. */
        CERTIFICATE,
        /** Those between it and the CA's, <a href="https://datatracker.ietf.org/doc/html/rfc9440#section-2.3">RFC 9440 §2.3</a>. */
        CHAIN,
        SUBJECT,
        ISSUER,
        SAN,
        SERIAL,
        FINGERPRINT,
        /** Also where there is no certificate, or not a good one. */
        VERIFICATION;

        /** As in the file. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static List<Fact> all() {
            return Arrays.asList(values());
        }
    }

    public record Header(String name, Fact fact) implements Listed {
        @Override
        public String label() {
            return name;
        }
    }

    /** Lower-case names of what no client may say itself. */
    public List<String> names() {
        return Stream.concat(
                        REGISTERED.stream(),
                        headers.stream().map(header -> header.name().toLowerCase(Locale.ROOT)))
                .distinct()
                .toList();
    }

    /** Whether a client that was asked for {@code other} has shown all that it would be asked for by this: by the same files. */
    public boolean isAskedAs(ClientCertificates other) {
        return ca.file().equals(other.ca.file())
                && Objects.equals(crl == null ? null : crl.file(), other.crl == null ? null : other.crl.file())
                && mode == other.mode
                && depth == other.depth;
    }
}
