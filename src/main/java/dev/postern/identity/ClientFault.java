package dev.postern.identity;

import java.util.Locale;

/** Why a certificate of a client is not good. */
public enum ClientFault {
    /** None of the CAs has signed it, nor anybody whom it has signed. */
    UNKNOWN_CA,
    /** More certificates between it and the CA's than {@code depth}, or than a CA allows. */
    TOO_DEEP,
    /** It, or one above it; the CA's as well. */
    EXPIRED,
    NOT_YET_VALID,
    /** It is not for clients: key usage, or extended key usage, of it or above it. */
    WRONG_USAGE,
    /** Somebody has signed it who may not: a certificate above it is none of a CA. */
    NOT_A_CA,
    REVOKED,
    /** Nobody knows whether it was taken back: there is no list of its issuer in {@code crl}. */
    CRL_MISSING,
    /** Nobody knows any more whether it was taken back: there should be a newer list. */
    CRL_EXPIRED,
    /** A signature, a key or an extension that counts and cannot be accepted. */
    NOT_ACCEPTED;

    /** Stable, lower-case, with underscores. */
    public String reason() {
        return name().toLowerCase(Locale.ROOT);
    }
}
