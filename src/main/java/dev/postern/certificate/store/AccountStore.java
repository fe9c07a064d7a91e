package dev.postern.certificate.store;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.security.PrivateKey;
import java.util.Optional;

/**
 * The account at one issuer: the key that identifies us to a CA, what the CA said about the account, and what was used of
 * its limits. The key is the account: whoever loses it loses the limits and the orders that hang on it. What
 * writes throws {@link NotLeader} where another holder has the lease.
 */
public interface AccountStore extends Locker {
    /** Where it is, as an operator reads it. */
    String describe();

    /** Empty where no account was ever made. A key that is there but cannot be read is a failure, never a new account. */
    Optional<PrivateKey> readKey() throws IOException;

    /** The key that is to take the place of the other, where its exchange has begun. */
    Optional<PrivateKey> readNextKey() throws IOException;

    void writeKey(PrivateKey key) throws IOException;

    /** Before the CA hears of it. */
    void writeNextKey(PrivateKey key) throws IOException;

    /** The CA knows the next key and not the other any more, which is kept aside. */
    void adoptNextKey() throws IOException;

    /** Another account takes the place of this one, whose key is kept aside. */
    void replaceKey(PrivateKey next) throws IOException;

    /** The CA did not take it; it is kept aside. */
    void dropNextKey() throws IOException;

    /** What {@link #writeAccount} wrote; empty where there is none, or nothing that can be read. */
    Optional<JsonObject> readAccount() throws IOException;

    void writeAccount(JsonObject account) throws IOException;

    /** What {@link #writeLedger} wrote; empty where nothing was. */
    Optional<JsonObject> readLedger() throws IOException;

    void writeLedger(JsonObject ledger) throws IOException;
}
