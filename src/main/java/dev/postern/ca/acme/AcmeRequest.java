package dev.postern.ca.acme;

/** What a client may ask of {@link AcmeServer}, by resource. */
public enum AcmeRequest {
    DIRECTORY,
    NEW_NONCE,
    NEW_ACCOUNT,
    /** Reads, changes or deactivates an account. */
    ACCOUNT,
    /** The list of an account's orders. */
    ORDERS,
    KEY_CHANGE,
    NEW_ORDER,
    ORDER,
    FINALIZE,
    AUTHORIZATION,
    /** Reads a challenge, or says that it may be validated. */
    CHALLENGE,
    CERTIFICATE,
    REVOKE_CERTIFICATE,
    /** When a certificate should be renewed. */
    RENEWAL_INFO,
    /** The terms of service, and whatever does not exist. */
    OTHER
}
