package dev.postern.certificate.store.files;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.postern.certificate.store.AccountStore;
import dev.postern.certificate.store.Lease;
import dev.postern.certificate.store.NotLeader;
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
final class AccountFolder implements AccountStore {
    private static final String KEY = "key.pem";
    private static final String NEXT_KEY = "key-next.pem";

    /** The last key that was replaced, and the last that the CA did not take: nothing reads them but a person in need. */
    private static final String REPLACED_KEY = "key-replaced.pem";

    private static final String REFUSED_KEY = "key-refused.pem";

    private final Path folder;
    private final TokenFile token;

    AccountFolder(Path folder, TokenFile token) {
        this.folder = folder;
        this.token = token;
    }

    @Override
    public Lease lead() throws NotLeader {
        token.require();
        return token;
    }

    @Override
    public Optional<PrivateKey> readKey() throws IOException {
        return readKey(folder.resolve(KEY));
    }

    @Override
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

    @Override
    public void writeKey(PrivateKey key) throws IOException {
        write(KEY, Pem.of(key));
    }

    @Override
    public void writeNextKey(PrivateKey key) throws IOException {
        write(NEXT_KEY, Pem.of(key));
    }

    @Override
    public void adoptNextKey() throws IOException {
        Path file = folder.resolve(NEXT_KEY);
        Path replaced = folder.resolve(KEY);
        token.requireForWriting();
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

    @Override
    public void replaceKey(PrivateKey next) throws IOException {
        writeNextKey(next);
        adoptNextKey();
    }

    @Override
    public void dropNextKey() throws IOException {
        Path file = folder.resolve(NEXT_KEY);
        token.requireForWriting();
        try {
            if (Files.exists(file)) {
                Files.move(file, folder.resolve(REFUSED_KEY), StandardCopyOption.ATOMIC_MOVE);
                DurableFiles.sync(folder);
            }
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }

    @Override
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

    @Override
    public void writeAccount(JsonObject account) throws IOException {
        write("account.json", JsonText.of(account));
    }

    @Override
    public Optional<JsonObject> readLedger() throws IOException {
        Path file = folder.resolve("ledger.json");
        return Files.exists(file)
                ? Optional.of(JsonParser.parseString(RegularFile.stored(file)).getAsJsonObject())
                : Optional.empty();
    }

    @Override
    public void writeLedger(JsonObject ledger) throws IOException {
        write("ledger.json", JsonText.of(ledger));
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        token.requireForWriting();
        try {
            DurableFiles.replace(file, text);
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }

    @Override
    public String describe() {
        return folder.toString();
    }
}
