package dev.postern.ca.acme;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.postern.ca.Authority;
import dev.postern.ca.InternalCa;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Certificates once they are there: fetched and revoked. */
final class CertificateResources {
    private final AcmeDoor door;
    private final InternalCa ca;
    private final AcmeUrls urls;
    private final InstantSource clock;

    CertificateResources(AcmeDoor door, InternalCa ca, AcmeUrls urls, InstantSource clock) {
        this.door = door;
        this.ca = ca;
        this.urls = urls;
        this.clock = clock;
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.4.2">RFC 8555 §7.4.2</a>. */
    AcmeReply certificate(SignedRequest request, String id, String number) throws AcmeRefusal {
        request.requireRead();
        InternalCa.Issuance issuance =
                door.within(its -> its.certificate(id, request.account())).issuance();
        List<List<X509Certificate>> chains = new ArrayList<>(List.of(issuance.chain()));
        chains.addAll(issuance.alternates());
        int shown = number.isEmpty() ? 0 : number(number);
        if (shown >= chains.size()) {
            throw AcmeRefusal.notFound("alternate chain");
        }
        AcmeReply reply = AcmeReply.of(200, "application/pem-certificate-chain", Authority.text(chains.get(shown)));
        for (int i = 0; i < chains.size(); i++) {
            if (i != shown) {
                reply = reply.withLink(i == 0 ? urls.certificate(id) : urls.alternate(id, i), "alternate");
            }
        }
        return reply;
    }

    private static int number(String text) {
        return text.matches("[1-9][0-9]?") ? Integer.parseInt(text) : Integer.MAX_VALUE;
    }

    /**
     * <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.6">RFC 8555 §7.6</a>. Also for certificates from
     * before a restart: that we signed it can be seen from the certificate.
     */
    AcmeReply revoke(SignedRequest request) throws AcmeRefusal {
        JsonObject payload = request.payload();
        String encoded =
                Json.text(payload, "certificate").orElseThrow(() -> AcmeRefusal.malformed("certificate: missing"));
        X509Certificate certificate = certificate(Jws.decodeBytes(encoded, "certificate"));
        requireReason(payload.get("reason"));
        door.change(its -> revoke(its, request, certificate));
        return AcmeReply.empty(200);
    }

    private void revoke(AcmeState state, SignedRequest request, X509Certificate certificate) throws AcmeRefusal {
        if (!ca.issued(certificate)) {
            throw AcmeRefusal.notFound("certificate");
        }
        if (!mayRevoke(state, request, certificate)) {
            throw AcmeRefusal.because(
                    ProblemType.UNAUTHORIZED,
                    "neither the account of the certificate, nor its key, nor valid for its names");
        }
        if (!state.revoke(certificate)) {
            throw AcmeRefusal.because(ProblemType.ALREADY_REVOKED, "certificate is already revoked");
        }
    }

    private static X509Certificate certificate(byte[] der) throws AcmeRefusal {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
        } catch (CertificateException e) {
            throw AcmeRefusal.malformed("certificate: not a certificate");
        }
    }

    private boolean mayRevoke(AcmeState state, SignedRequest request, X509Certificate certificate) {
        Optional<Account> signer = request.signer();
        if (signer.isEmpty()) {
            return request.key().publicKey().equals(certificate.getPublicKey());
        }
        Account account = signer.get();
        if (state.ownerOf(certificate).equals(Optional.of(account.id()))) {
            return true;
        }
        Instant now = clock.instant();
        List<String> names = names(certificate);
        return !names.isEmpty()
                && names.stream().allMatch(name -> state.validAuthorization(account, name, now) != null);
    }

    private static List<String> names(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null
                    ? List.of()
                    : names.stream().map(name -> String.valueOf(name.get(1))).toList();
        } catch (CertificateParsingException e) {
            return List.of();
        }
    }

    /** The codes of <a href="https://datatracker.ietf.org/doc/html/rfc5280#section-5.3.1">RFC 5280 §5.3.1</a>; 7 is not used. */
    private static void requireReason(@Nullable JsonElement reason) throws AcmeRefusal {
        if (reason == null) {
            return;
        }
        boolean isNumber = reason instanceof JsonPrimitive value && value.isNumber();
        int code = isNumber ? reason.getAsInt() : -1;
        if (code < 0 || code > 10 || code == 7) {
            throw AcmeRefusal.because(
                    ProblemType.BAD_REVOCATION_REASON, "reason: " + reason + " (expected: 0-6 or 8-10)");
        }
    }
}
