package dev.postern.certificate.issuer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Our account at a CA. Blocking, like {@link CertificateIssuer}. */
public interface IssuerAccount {
    /**
     * @param url null where none was registered yet
     * @param status as the CA gives it: valid, deactivated, revoked; null where it was not asked
     */
    record State(
            String issuer,
            String directory,
            @Nullable String url,
            List<String> contacts,
            @Nullable String status) {}

    /** The name of the CA, as in the configuration; asks nobody. */
    String issuer();

    /** Asks the CA, where there is an account. */
    State show() throws IssueFailure, InterruptedException;

    /** Gives the account a new key, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.5">RFC 8555 §7.3.5</a>. */
    void rollover() throws IssueFailure, InterruptedException;

    /** Registers another account, which every order uses from then on: the one there is was deactivated, or is not wanted. */
    void replace() throws IssueFailure, InterruptedException;
}
