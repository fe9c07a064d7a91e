package dev.postern.http.exchange;

import dev.postern.config.ClientCertificates;
import dev.postern.config.ClientCertificates.Fact;
import dev.postern.http.message.HeadWriter;
import dev.postern.wire.ClientCertificate;
import org.jspecify.annotations.Nullable;

/**
 * What a server is told of the certificate of a client: of one that is good all that is wanted, of any other that there is
 * none, or why it is not. Whoever believes what these say needs not look at anything else. What the client says under their names is removed
 * as what {@code request-headers} removes.
 */
final class ClientFacts {
    private ClientFacts() {}

    static void write(HeadWriter out, ClientCertificates wanted, @Nullable ClientCertificate shown) {
        ClientCertificate certificate = shown == null ? ClientCertificate.NONE : shown;
        for (ClientCertificates.Header header : wanted.headers()) {
            String value = value(header.fact(), certificate);
            if (value != null && (certificate.isVerified() || header.fact() == Fact.VERIFICATION)) {
                out.text(header.name()).text(": ").text(value).crlf();
            }
        }
    }

    private static @Nullable String value(Fact fact, ClientCertificate of) {
        return switch (fact) {
            case CERTIFICATE -> of.certificate();
            case CHAIN -> of.chain();
            case SUBJECT -> of.subject();
            case ISSUER -> of.issuer();
            case SAN -> of.san();
            case SERIAL -> of.serial();
            case FINGERPRINT -> of.fingerprint();
            case VERIFICATION -> of.verification();
        };
    }
}
