package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request whose signature, nonce and URL were checked, <a
 * href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.2">RFC 8555 §6.2</a> to §6.5.
 */
final class SignedRequest {
    /** How the client has to say who it is. */
    enum Signer {
        /** {@code kid}: the URL of its account. */
        ACCOUNT,
        /** {@code jwk}: a key that need not have an account. */
        KEY,
        /** Either: a certificate may be revoked by its account or with its own key. */
        ACCOUNT_OR_KEY
    }

    private final @Nullable Account account;
    private final AccountKey key;
    private final String url;
    private final String payload;

    private SignedRequest(@Nullable Account account, AccountKey key, String url, String payload) {
        this.account = account;
        this.key = key;
        this.url = url;
        this.payload = payload;
    }

    /** What a signature is checked against. */
    record Checks(AcmeUrls urls, AcmeDoor door, Nonces nonces, boolean trustsSignatures) {
        SignedRequest verify(String body, String url, Signer expected) throws AcmeRefusal {
            Jws jws = Jws.parse(body);
            if (jws.has("jwk") == jws.has("kid")) {
                throw AcmeRefusal.malformed("protected: exactly one of \"jwk\" and \"kid\" is needed");
            }
            if (jws.has("jwk") ? expected == Signer.ACCOUNT : expected == Signer.KEY) {
                throw AcmeRefusal.malformed(
                        "protected: \"" + (expected == Signer.KEY ? "jwk" : "kid") + "\" is needed for this request");
            }
            Account account = jws.has("kid") ? account(jws) : null;
            AccountKey key = account != null
                    ? account.key()
                    : jws.key().orElseThrow(() -> AcmeRefusal.malformed("jwk: not a JSON object"));
            if (!trustsSignatures) {
                jws.verify(key.publicKey());
            }
            if (!jws.text("url").equals(Optional.of(url))) {
                // Against a middleman that sends a signed request elsewhere:
                // https://datatracker.ietf.org/doc/html/rfc8555#section-6.4
                throw AcmeRefusal.because(
                        ProblemType.UNAUTHORIZED,
                        "url: " + jws.text("url").orElse("missing") + " (expected: " + url + ")");
            }
            String nonce = jws.text("nonce").orElseThrow(() -> AcmeRefusal.malformed("nonce: missing"));
            // After the signature, so that nobody but its holder can spend a nonce.
            if (!nonces.redeem(nonce)) {
                throw AcmeRefusal.because(ProblemType.BAD_NONCE, "nonce: unknown or already used");
            }
            if (account != null && !account.isValid()) {
                // https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.6
                throw AcmeRefusal.with(401, Problem.of(ProblemType.UNAUTHORIZED, "account is deactivated"));
            }
            return new SignedRequest(account, key, url, jws.payload());
        }

        private Account account(Jws jws) throws AcmeRefusal {
            String kid = jws.text("kid").orElse("");
            return door.within(its -> its.accounts().find(urls.accountId(kid)))
                    .orElseThrow(() -> AcmeRefusal.because(
                            ProblemType.ACCOUNT_DOES_NOT_EXIST, "kid: no account \"" + kid + "\" at this server"));
        }
    }

    /** Who asks; empty where the request was signed with a key of its own. */
    Optional<Account> signer() {
        return Optional.ofNullable(account);
    }

    /** Who asks, where only an account may. */
    Account account() {
        if (account == null) {
            throw new IllegalStateException("asked for the account of a request that needs none");
        }
        return account;
    }

    /** The key it was signed with. */
    AccountKey key() {
        return key;
    }

    String url() {
        return url;
    }

    /** POST-as-GET, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.3">RFC 8555 §6.3</a>. */
    boolean isRead() {
        return payload.isEmpty();
    }

    String payloadText() {
        return payload;
    }

    JsonObject payload() throws AcmeRefusal {
        return Jws.object(payload, "payload");
    }

    void requireRead() throws AcmeRefusal {
        if (!isRead()) {
            throw AcmeRefusal.malformed("payload: must be empty, this resource can only be read");
        }
    }
}
