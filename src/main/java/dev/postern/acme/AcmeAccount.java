package dev.postern.acme;

import com.google.gson.JsonObject;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuerAccount;
import dev.postern.certificate.store.AccountStore;
import dev.postern.certificate.store.Lease;
import dev.postern.config.ExternalAccount;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.KeyType;
import dev.postern.pki.Keys;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Account;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.connector.Connection;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeServerException;
import org.shredzone.acme4j.toolbox.JSONBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Our account at one CA: registered once, kept on disk, used by every order. The key is on disk before the CA hears of
 * it, so that a crash in between finds the same account again
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3">RFC 8555 §7.3</a>).
 *
 * <p>So it is with its next key: {@code key-next.pem} beside {@code key.pem} means that a change of keys did not come to
 * its end, and the CA is asked which of the two it knows before anything else is.
 */
final class AcmeAccount {
    private static final Logger LOG = LoggerFactory.getLogger(AcmeAccount.class);

    private final String issuer;
    private final URI directory;
    private final @Nullable ExternalAccount external;
    private final @Nullable String email;
    private final boolean agreeToTerms;
    private final AccountStore folder;
    private final InstantSource clock;
    private final AccountUse use;

    // All below are touched between beginLogin and endLogin, or between beginChange and endChange, only.
    private @Nullable KeyPair key;
    private @Nullable AccountRecord known;
    private boolean contactRefused;

    AcmeAccount(AcmeDirectory issuer, Customer customer) {
        this.issuer = issuer.name();
        this.directory = issuer.directory();
        this.external = issuer.eab();
        this.email = customer.email();
        this.agreeToTerms = customer.agreeToTerms();
        this.folder = customer.store().account(issuer.name());
        this.clock = customer.clocks().ca();
        this.use = new AccountUse(customer.clocks().elapsed());
    }

    AccountUse use() {
        return use;
    }

    /** Logs in without asking the CA, or registers where there is no account yet. Between beginOrder and endOrder. */
    Login login(Session session) throws AcmeException, IOException, IssueFailure, InterruptedException {
        use.beginLogin();
        try {
            settleKeys(session);
            AccountRecord record = known();
            if (record == null) {
                return registerAlone(session);
            }
            KeyPair pair = key == null ? keyOrNew() : key;
            key = pair;
            keepStored(pair, record);
            Login login = session.login(record.url(), pair);
            tellContact(login, record);
            return login;
        } finally {
            use.endLogin();
        }
    }

    /** Where somebody swept the folder while we know what was in it: a restart would register another account. */
    private void keepStored(KeyPair pair, AccountRecord record) throws IOException {
        if (folder.readKey().isEmpty()) {
            LOG.error(
                    "{}: {}: the key of the account is gone; written again from memory (expected: that nobody else touches"
                            + " the store)",
                    issuer,
                    folder.describe());
            folder.writeKey(pair.getPrivate());
        }
        if (folder.readAccount().isEmpty()) {
            folder.writeAccount(record.json());
        }
    }

    /** The CA said that it does not know {@code lost}: the next login registers anew, with the same key. */
    void forget(URL lost) throws IOException, InterruptedException {
        use.beginLogin();
        try {
            AccountRecord record = known();
            if (record != null && record.url().toString().equals(lost.toString())) {
                LOG.warn("{}: the CA does not know account {} any more; a new one is registered", issuer, lost);
                known = null;
                folder.writeAccount(new JsonObject());
            }
        } finally {
            use.endLogin();
        }
    }

    private KeyPair keyOrNew() throws IOException {
        KeyPair kept = keptKey();
        if (kept == null) {
            kept = Keys.generate(KeyType.EC_P256);
            folder.writeKey(kept.getPrivate());
        }
        return kept;
    }

    private @Nullable KeyPair keptKey() throws IOException {
        Optional<PrivateKey> kept = folder.readKey();
        return kept.isPresent() ? pairOf(kept.get(), "key.pem") : null;
    }

    private KeyPair pairOf(PrivateKey half, String file) throws IOException {
        try {
            return Keys.pairOf(half);
        } catch (GeneralSecurityException e) {
            throw Conversation.badKey(folder.describe() + "/" + file, e);
        }
    }

    private @Nullable AccountRecord known() throws IOException {
        if (known == null) {
            known = folder.readAccount()
                    .map(json -> AccountRecord.of(json, directory))
                    .orElse(null);
        }
        return known;
    }

    /** Whoever shares the store does not register another one meanwhile. */
    private Login registerAlone(Session session) throws AcmeException, IOException, IssueFailure {
        try (Lease lease = folder.lead()) {
            KeyPair pair = key == null ? keyOrNew() : key;
            key = pair;
            lease.require();
            return register(session, pair);
        }
    }

    private Login register(Session session, KeyPair pair) throws AcmeException, IOException, IssueFailure {
        Login login = create(session, pair);
        keep(session, login);
        return login;
    }

    private Login create(Session session, KeyPair pair) throws AcmeException, IOException, IssueFailure {
        AccountBuilder builder = new AccountBuilder().useKeyPair(pair);
        if (agreeToTerms) {
            builder.agreeToTermsOfService();
        }
        if (email != null) {
            builder.addEmail(email);
        }
        if (external != null) {
            builder.withKeyIdentifier(external.keyId(), ExternalBinding.read(external));
        } else if (session.getMetadata().isExternalAccountRequired()) {
            throw new IssueFailure(
                    Fault.OURS,
                    issuer + ": the CA registers nobody without an account of its own; "
                            + Refusal.EXTERNAL_ACCOUNT_REQUIRED.next(),
                    null);
        }
        Login login;
        try {
            login = builder.createLogin(session);
        } catch (AcmeServerException e) {
            if (external != null && isOfBinding(e)) {
                throw new IssueFailure(
                        Fault.OURS,
                        issuer + ": the CA did not take key id \"" + external.keyId() + "\" of eab: "
                                + Failures.brief(e.getMessage()) + " (" + e.getType() + "); it may be used up or"
                                + " expired: get another one from the CA and put its MAC key in " + external.hmacFile(),
                        e);
            }
            throw e;
        }
        return login;
    }

    private void keep(Session session, Login login) throws AcmeException, IOException {
        AccountRecord record = AccountRecord.of(login.getAccount().getLocation(), directory, contacts());
        session.getMetadata()
                .getTermsOfService()
                .ifPresent(terms -> record.json().addProperty("terms-agreed", terms.toString()));
        record.json().addProperty("registered", TimeText.at(clock.instant()));
        folder.writeAccount(record.json());
        known = record;
        LOG.info("{}: account {}", issuer, record.url());
    }

    private static boolean isOfBinding(AcmeServerException refusal) {
        return Failures.is(refusal, Refusal.UNAUTHORIZED)
                || Failures.is(refusal, Refusal.MALFORMED)
                || Failures.is(refusal, Refusal.EXTERNAL_ACCOUNT_REQUIRED);
    }

    private List<String> contacts() {
        return email == null ? List.of() : List.of("mailto:" + email);
    }

    /** What was told when the account was registered may have changed since. A CA that refuses it costs no certificate. */
    private void tellContact(Login login, AccountRecord record) throws AcmeException, IOException {
        if (contactRefused || record.contacts().equals(contacts())) {
            return;
        }
        try {
            if (email == null) {
                withdrawContact(login, record.url());
            } else {
                login.getAccount().fetch();
                Account.EditableAccount changed = login.getAccount().modify();
                changed.getContacts().clear();
                changed.addEmail(email).commit();
            }
        } catch (AcmeServerException e) {
            if (Failures.is(e, Refusal.ACCOUNT_DOES_NOT_EXIST)) {
                throw e;
            }
            contactRefused = true;
            LOG.warn(
                    "{}: the CA does not take \"{}\" as the contact of our account: {}; told again after a restart",
                    issuer,
                    email == null ? "" : email,
                    Failures.brief(e.getMessage()));
            return;
        }
        AccountRecord changed = record.with(contacts());
        folder.writeAccount(changed.json());
        known = changed;
        LOG.info(
                email == null
                        ? "{}: told the CA that our account has no contact any more"
                        : "{}: told the CA our new contact {}",
                issuer,
                email);
    }

    /**
     * acme4j leaves an empty list of contacts out of what it sends, which says "unchanged"
     * (<a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.2">RFC 8555 §7.3.2</a>); so it is said without its
     * account.
     */
    private static void withdrawContact(Login login, URL account) throws AcmeException {
        try (Connection connection = login.getSession().connect()) {
            connection.sendSignedRequest(account, new JSONBuilder().array("contact", List.of()), login);
        }
    }

    /** Where a change of keys did not come to its end, finds out which key the CA knows. */
    private void settleKeys(Session session) throws AcmeException, IOException, IssueFailure {
        PrivateKey next = folder.readNextKey().orElse(null);
        if (next == null) {
            return;
        }
        KeyPair pair = pairOf(next, "key-next.pem");
        if (isOurs(find(session, pair))) {
            folder.adoptNextKey();
            key = pair;
            LOG.info("{}: the account has its new key; the change was interrupted", issuer);
            return;
        }
        // That the CA does not know the next key may be a slip, such as of a replica that lags: only its word for the
        // other one decides.
        KeyPair old = key == null ? keptKey() : key;
        if (old == null || !isOurs(find(session, old))) {
            throw new IssueFailure(
                    Fault.CA,
                    issuer + ": a change of the account's key was interrupted, and the CA knows the account by neither"
                            + " key.pem nor key-next.pem in " + folder.describe()
                            + " (expected: by one of them); both are kept,"
                            + " and it is asked again with the next order; if it lost the account for good, move"
                            + " key-next.pem away",
                    null);
        }
        folder.dropNextKey();
        LOG.info("{}: the account keeps its key; the change was interrupted", issuer);
    }

    private boolean isOurs(@Nullable String found) throws IOException {
        AccountRecord record = known();
        return found != null && (record == null || found.equals(record.url().toString()));
    }

    /** The account with this key at the CA; null where it knows none. Never registers one. */
    private static @Nullable String find(Session session, KeyPair pair) throws AcmeException {
        try {
            return new AccountBuilder()
                    .useKeyPair(pair)
                    .onlyExisting()
                    .createLogin(session)
                    .getAccountLocation()
                    .toString();
        } catch (AcmeServerException e) {
            if (Failures.is(e, Refusal.ACCOUNT_DOES_NOT_EXIST)) {
                return null;
            }
            throw e;
        }
    }

    /** As the CA sees it; asks only where there is a key of ours that it may know. */
    IssuerAccount.State show(Session session) throws AcmeException, IOException, IssueFailure, InterruptedException {
        use.beginOrder();
        try {
            use.beginLogin();
            try {
                settleKeys(session);
                KeyPair pair = key == null ? keptKey() : key;
                if (pair == null) {
                    return new IssuerAccount.State(issuer, directory.toString(), null, List.of(), null);
                }
                AccountRecord record = known();
                String url = record == null ? find(session, pair) : record.url().toString();
                if (url == null) {
                    return new IssuerAccount.State(issuer, directory.toString(), null, List.of(), null);
                }
                Account account = session.login(URI.create(url).toURL(), pair).getAccount();
                account.fetch();
                List<String> contacts =
                        account.getContacts().stream().map(URI::toString).toList();
                String status = account.getStatus().toString().toLowerCase(Locale.ROOT);
                return new IssuerAccount.State(issuer, directory.toString(), url, contacts, status);
            } finally {
                use.endLogin();
            }
        } finally {
            use.endOrder();
        }
    }

    /** Waits until no order is in flight, then gives the account a new key. */
    void rollover(Session session) throws AcmeException, IOException, IssueFailure, InterruptedException {
        use.beginChange();
        try (Lease lease = folder.lead()) {
            settleKeys(session);
            KeyPair old = key == null ? keptKey() : key;
            AccountRecord record = known();
            if (old == null || record == null) {
                throw new IssueFailure(
                        Fault.OURS,
                        issuer + ": there is no account yet whose key could be changed; it is registered with the first"
                                + " order",
                        null);
            }
            KeyPair next = Keys.generate(KeyType.EC_P256);
            lease.require();
            folder.writeNextKey(next.getPrivate());
            Login login = session.login(record.url(), old);
            // Where this fails, the CA is asked what it did before the account is used again.
            login.getAccount().changeKey(next);
            folder.adoptNextKey();
            key = next;
            LOG.info("{}: account {} has a new key", issuer, record.url());
        } finally {
            use.endChange();
        }
    }

    /** Waits until no order is in flight, then registers another account with a key of its own; the old key is kept aside. */
    void replace(Session session) throws AcmeException, IOException, IssueFailure, InterruptedException {
        use.beginChange();
        try (Lease lease = folder.lead()) {
            KeyPair next = Keys.generate(KeyType.EC_P256);
            lease.require();
            Login login = create(session, next);
            // Without a URL the key decides which account it is: so it is right wherever this ends.
            known = null;
            folder.writeAccount(new JsonObject());
            folder.replaceKey(next.getPrivate());
            key = next;
            contactRefused = false;
            keep(session, login);
        } finally {
            use.endChange();
        }
    }
}
