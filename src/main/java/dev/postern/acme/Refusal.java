package dev.postern.acme;

import dev.postern.certificate.issuer.IssueFailure.Fault;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Problem;

/**
 * What a CA can say no with, whose fault that is, and what happens next or has to: the types of
 * <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.7">RFC 8555 §6.7</a>,
 * <a href="https://datatracker.ietf.org/doc/html/rfc9773#section-7.4">RFC 9773 §7.4</a> and of the profiles draft.
 */
enum Refusal {
    ACCOUNT_DOES_NOT_EXIST("accountDoesNotExist", Fault.OURS, "the account is registered anew at the next attempt"),
    ALREADY_REPLACED("alreadyReplaced", Fault.CA, "ordered again as a certificate of its own"),
    ALREADY_REVOKED("alreadyRevoked", Fault.OURS, "there is nothing left to do"),
    BAD_CSR("badCSR", Fault.OURS, "another acme.key-type may be accepted"),
    BAD_NONCE("badNonce", Fault.CA, "the CA accepts none of its own nonces; it has to be waited for"),
    BAD_PUBLIC_KEY("badPublicKey", Fault.OURS, "another acme.key-type may be accepted"),
    BAD_REVOCATION_REASON("badRevocationReason", Fault.OURS, "another reason has to be given"),
    BAD_SIGNATURE_ALGORITHM("badSignatureAlgorithm", Fault.OURS, "the CA does not take keys of the account's type"),
    CAA("caa", Fault.NAME, "the CAA record of the domain has to allow this CA"),
    COMPOUND("compound", Fault.CA, ""),
    CONFLICT("conflict", Fault.CA, ""),
    CONNECTION("connection", Fault.NAME, "the CA must be able to reach the listeners from the internet"),
    DNS("dns", Fault.NAME, "the name must resolve, for the CA, too"),
    EXTERNAL_ACCOUNT_REQUIRED(
            "externalAccountRequired", Fault.OURS, "set eab (key-id and hmac-file) for this issuer in acme.issuers"),
    INCORRECT_RESPONSE("incorrectResponse", Fault.NAME, "the name must lead to this host"),
    INVALID_CONTACT("invalidContact", Fault.OURS, "acme.email has to be corrected"),
    INVALID_PROFILE("invalidProfile", Fault.OURS, "another profile has to be set for this issuer"),
    MALFORMED("malformed", Fault.OURS, ""),
    ORDER_NOT_READY("orderNotReady", Fault.CA, "the order is resumed"),
    RATE_LIMITED("rateLimited", Fault.CA, ""),
    REJECTED_IDENTIFIER("rejectedIdentifier", Fault.NAME, "this CA does not certify the name by its policy"),
    SERVER_INTERNAL("serverInternal", Fault.CA, ""),
    TLS("tls", Fault.NAME, "the https listener must be reachable under the name"),
    UNAUTHORIZED("unauthorized", Fault.NAME, "the name must lead to this host"),
    UNSUPPORTED_CONTACT("unsupportedContact", Fault.OURS, "acme.email has to be corrected"),
    UNSUPPORTED_IDENTIFIER("unsupportedIdentifier", Fault.NAME, "this CA certifies no names of this kind"),
    USER_ACTION_REQUIRED("userActionRequired", Fault.OURS, "");

    private static final String PREFIX = "urn:ietf:params:acme:error:";

    private final String type;
    private final Fault fault;
    private final String next;

    Refusal(String type, Fault fault, String next) {
        this.type = type;
        this.fault = fault;
        this.next = next;
    }

    Fault fault() {
        return fault;
    }

    /** For the operator; empty where there is no more to say than when the next attempt is. */
    String next() {
        return next;
    }

    String urn() {
        return PREFIX + type;
    }

    /** Empty for a type that nobody has told us of. */
    static Optional<Refusal> of(Problem problem) {
        String type = typeOf(problem);
        for (Refusal refusal : values()) {
            if (refusal.urn().equals(type)) {
                return Optional.of(refusal);
            }
        }
        return Optional.empty();
    }

    static boolean is(@Nullable Problem problem, Refusal refusal) {
        return problem != null && typeOf(problem).equals(refusal.urn());
    }

    /** As the CA gave it; {@code about:blank} where it gave none, <a href="https://datatracker.ietf.org/doc/html/rfc9457#section-3.1.1">RFC 9457 §3.1.1</a>. */
    static String typeOf(Problem problem) {
        return problem.asJSON().contains("type") ? problem.getType().toString() : "about:blank";
    }
}
