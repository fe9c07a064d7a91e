package dev.postern.certificate.store;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.PrivateKey;
import java.util.Optional;

/**
 * {@code certs/accounts/<issuer>/}: the key that identifies us to a CA, and what the CA said about the account. The key
 * is the account: whoever loses it loses the limits and the orders that hang on it.
 */
public final class AccountFolder {
    private static final String KEY = "key.pem";
    private static final String NEXT_KEY = "key-next.pem";

    /** The last key that was replaced, and the last that the CA did not take: nothing reads them but a person in need. */
    private static final String REPLACED_KEY = "key-replaced.pem";

    private static final String REFUSED_KEY = "key-refused.pem";

    private final Path folder;

    AccountFolder(Path folder) {
        this.folder = folder;
    }

    /** Empty where no account was ever made. A key that is there but cannot be read is a failure, never a new account. */
    public Optional<PrivateKey> readKey() throws IOException {
        return readKey(folder.resolve(KEY));
    }

    /** The key that is to take the place of the other, where its exchange has begun. */
    public Optional<PrivateKey> readNextKey() throws IOException {
        return readKey(folder.resolve(NEXT_KEY));
    }

    private static Optional<PrivateKey> readKey(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Pem.readKey(RegularFile.stored(file)));
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }

    public void writeKey(PrivateKey key) throws IOException {
        write(KEY, Pem.of(key));
    }

    /** Before the CA hears of it. */
    public void writeNextKey(PrivateKey key) throws IOException {
        write(NEXT_KEY, Pem.of(key));
    }

    /** The CA knows the next key and not the other any more, which is kept under another name. */
    public void adoptNextKey() throws IOException {
        Path file = folder.resolve(NEXT_KEY);
        Path replaced = folder.resolve(KEY);
        try {
            if (Files.exists(replaced)) {
                DurableFiles.replace(folder.resolve(REPLACED_KEY), RegularFile.stored(replaced));
            }
            Files.move(file, folder.resolve(KEY), StandardCopyOption.ATOMIC_MOVE);
            DurableFiles.sync(folder);
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }

    /** Another account takes the place of this one, whose key is kept under another name. */
    public void replaceKey(PrivateKey next) throws IOException {
        writeNextKey(next);
        adoptNextKey();
    }

    /** The CA did not take it; it is kept under another name. */
    public void dropNextKey() throws IOException {
        Path file = folder.resolve(NEXT_KEY);
        try {
            if (Files.exists(file)) {
                Files.move(file, folder.resolve(REFUSED_KEY), StandardCopyOption.ATOMIC_MOVE);
                DurableFiles.sync(folder);
            }
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }

    /** What {@link #writeAccount} wrote; empty where there is none, or nothing that can be read. */
    public Optional<JsonObject> readAccount() throws IOException {
        Path file = folder.resolve("account.json");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JsonParser.parseString(RegularFile.stored(file)).getAsJsonObject());
        } catch (JsonParseException | IllegalStateException e) {
            // The CA tells the account again when it is asked with the same key.
            return Optional.empty();
        }
    }

    public void writeAccount(JsonObject account) throws IOException {
        write("account.json", JsonText.of(account));
    }

    /** What {@link #writeLedger} wrote; empty where nothing was. */
    public Optional<JsonObject> readLedger() throws IOException {
        Path file = folder.resolve("ledger.json");
        return Files.exists(file)
                ? Optional.of(JsonParser.parseString(RegularFile.stored(file)).getAsJsonObject())
                : Optional.empty();
    }

    public void writeLedger(JsonObject ledger) throws IOException {
        write("ledger.json", JsonText.of(ledger));
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        try {
            DurableFiles.replace(file, text);
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}
