package dev.postern.certificate;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.util.Optional;

/**
 * {@code certs/accounts/<issuer>/}: the key that identifies us to a CA, and what the CA said about the account. The key
 * is the account: whoever loses it loses the limits and the orders that hang on it.
 */
public final class AccountFolder {
    private final Path folder;

    AccountFolder(Path folder) {
        this.folder = folder;
    }

    /** Empty where no account was ever made. A key that is there but cannot be read is a failure, never a new account. */
    public Optional<PrivateKey> readKey() throws IOException {
        Path file = folder.resolve("key.pem");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Pem.readKey(Files.readString(file)));
        } catch (IOException e) {
            throw new IOException(file + ": " + CertificateStore.reason(e), e);
        }
    }

    public void writeKey(PrivateKey key) throws IOException {
        write("key.pem", Pem.of(key));
    }

    /** What {@link #writeAccount} wrote; empty where there is none, or nothing that can be read. */
    public Optional<JsonObject> readAccount() throws IOException {
        Path file = folder.resolve("account.json");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JsonParser.parseString(Files.readString(file)).getAsJsonObject());
        } catch (JsonParseException | IllegalStateException e) {
            // The CA tells the account again when it is asked with the same key.
            return Optional.empty();
        }
    }

    public void writeAccount(JsonObject account) throws IOException {
        write("account.json", new GsonBuilder().setPrettyPrinting().create().toJson(account) + "\n");
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        try {
            DurableFiles.replace(file, text);
        } catch (IOException e) {
            throw new IOException(file + ": " + CertificateStore.reason(e), e);
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}
