package dev.postern.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.certificate.AccountFolder;
import dev.postern.certificate.Keys;
import dev.postern.config.Configuration.KeyType;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.exception.AcmeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Our account at one CA: registered once, kept on disk, used by every order. The key is on disk before the CA hears of
 * it, so that a crash in between finds the same account again
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3">RFC 8555 §7.3</a>).
 */
final class AcmeAccount {
    private static final Logger LOG = LoggerFactory.getLogger(AcmeAccount.class);

    private final String issuer;
    private final URI directory;
    private final @Nullable String email;
    private final boolean agreeToTerms;
    private final AccountFolder folder;
    private final InstantSource clock;

    // Held while registering: several orders begin at once, but there is one account.
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable KeyPair key;
    private @Nullable URL location;

    AcmeAccount(
            String issuer,
            URI directory,
            @Nullable String email,
            boolean agreeToTerms,
            AccountFolder folder,
            InstantSource clock) {
        this.issuer = issuer;
        this.directory = directory;
        this.email = email;
        this.agreeToTerms = agreeToTerms;
        this.folder = folder;
        this.clock = clock;
    }

    /** Logs in without asking the CA, or registers where there is no account yet. */
    Login login(Session session) throws AcmeException, IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            KeyPair pair = key();
            URL known = location == null ? knownLocation() : location;
            if (known != null) {
                location = known;
                return session.login(known, pair);
            }
            return register(session, pair);
        } finally {
            lock.unlock();
        }
    }

    /** The CA said that it does not know {@code lost}: the next login registers anew, with the same key. */
    void forget(URL lost) throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            if (lost.equals(location)) {
                LOG.warn("{}: the CA does not know account {} any more; a new one is registered", issuer, lost);
                location = null;
                folder.writeAccount(new JsonObject());
            }
        } finally {
            lock.unlock();
        }
    }

    private KeyPair key() throws IOException {
        KeyPair pair = key;
        if (pair == null) {
            Optional<PrivateKey> kept = folder.readKey();
            try {
                if (kept.isPresent()) {
                    pair = Keys.pairOf(kept.get());
                } else {
                    pair = Keys.generate(KeyType.EC_P256);
                    folder.writeKey(pair.getPrivate());
                }
            } catch (GeneralSecurityException e) {
                throw new IOException(folder + "/key.pem: " + e.getMessage(), e);
            }
            key = pair;
        }
        return pair;
    }

    private @Nullable URL knownLocation() throws IOException {
        JsonObject account = folder.readAccount().orElse(null);
        if (account == null) {
            return null;
        }
        JsonElement url = account.get("url");
        JsonElement at = account.get("directory");
        // An account at another CA under the same name in the configuration is not this one.
        if (url == null || at == null || !at.getAsString().equals(directory.toString())) {
            return null;
        }
        try {
            return URI.create(url.getAsString()).toURL();
        } catch (MalformedURLException | IllegalArgumentException e) {
            return null;
        }
    }

    private Login register(Session session, KeyPair pair) throws AcmeException, IOException {
        AccountBuilder builder = new AccountBuilder().useKeyPair(pair);
        if (agreeToTerms) {
            builder.agreeToTermsOfService();
        }
        if (email != null) {
            builder.addEmail(email);
        }
        Login login = builder.createLogin(session);
        URL registered = login.getAccount().getLocation();
        JsonObject account = new JsonObject();
        account.addProperty("url", registered.toString());
        account.addProperty("directory", directory.toString());
        JsonArray contact = new JsonArray();
        if (email != null) {
            contact.add("mailto:" + email);
        }
        account.add("contact", contact);
        session.getMetadata()
                .getTermsOfService()
                .ifPresent(terms -> account.addProperty("terms-agreed", terms.toString()));
        account.addProperty("registered", clock.instant().toString());
        folder.writeAccount(account);
        location = registered;
        LOG.info("{}: account {}", issuer, registered);
        return login;
    }
}
