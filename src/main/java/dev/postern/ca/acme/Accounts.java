package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.config.RegularFile;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jose4j.json.JsonUtil;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All accounts, and, where there is a folder, each in a file of it: a client keeps its account for years and must find it
 * again after a restart. Part of the {@link AcmeState}.
 */
final class Accounts {
    private static final Logger LOG = LoggerFactory.getLogger(Accounts.class);

    private final @Nullable Path directory;
    private final Map<String, Account> byId = new HashMap<>();
    private final Map<String, Account> byThumbprint = new HashMap<>();

    private Accounts(@Nullable Path directory) {
        this.directory = directory;
    }

    /** @param directory null where they need not survive this process */
    static Accounts open(@Nullable Path directory) throws IOException {
        Accounts accounts = new Accounts(directory);
        if (directory != null) {
            Files.createDirectories(directory);
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.json")) {
                for (Path file : files) {
                    accounts.load(file);
                }
            }
        }
        return accounts;
    }

    Optional<Account> find(String id) {
        return Optional.ofNullable(byId.get(id));
    }

    Optional<Account> find(AccountKey key) {
        return Optional.ofNullable(byThumbprint.get(key.thumbprint()));
    }

    boolean isBound(String externalKeyId) {
        return byId.values().stream().anyMatch(account -> externalKeyId.equals(account.externalKeyId()));
    }

    /** As if they had never been. */
    void forget(Predicate<Account> which) throws IOException {
        for (Account account : List.copyOf(byId.values())) {
            if (which.test(account)) {
                byId.remove(account.id());
                byThumbprint.remove(account.key().thumbprint());
                if (directory != null) {
                    Files.deleteIfExists(directory.resolve(account.id() + ".json"));
                }
            }
        }
    }

    void change(UnaryOperator<Account> how) throws IOException {
        for (Account account : List.copyOf(byId.values())) {
            put(how.apply(account));
        }
    }

    /** On disk before anyone can see it. */
    void put(Account account) throws IOException {
        if (directory != null) {
            JsonObject json = new JsonObject();
            json.add("jwk", JsonParser.parseString(JsonUtil.toJson(account.key().jwk())));
            json.add("contact", Json.array(account.contact()));
            json.addProperty("status", account.status().name());
            json.addProperty("terms", account.terms());
            json.addProperty("externalKeyId", account.externalKeyId());
            json.addProperty("externalBinding", account.externalBinding());
            DurableFiles.replace(directory.resolve(account.id() + ".json"), json.toString());
        }
        remember(account);
    }

    private void remember(Account account) {
        Account before = byId.put(account.id(), account);
        if (before != null) {
            byThumbprint.remove(before.key().thumbprint());
        }
        byThumbprint.put(account.key().thumbprint(), account);
    }

    private void load(Path file) {
        String name = String.valueOf(file.getFileName());
        String id = name.substring(0, name.length() - ".json".length());
        try {
            JsonObject json = JsonParser.parseString(RegularFile.stored(file)).getAsJsonObject();
            AccountKey key =
                    AccountKey.parse(Json.object(json, "jwk").orElseThrow().toString());
            List<String> contact = Json.texts(json, "contact").orElse(List.of());
            Account.Status status =
                    Account.Status.valueOf(Json.text(json, "status").orElseThrow());
            int terms = json.has("terms") ? json.get("terms").getAsInt() : 1;
            remember(new Account(
                    id,
                    key,
                    contact,
                    status,
                    terms,
                    Json.text(json, "externalKeyId").orElse(null),
                    Json.text(json, "externalBinding").orElse(null)));
        } catch (AcmeRefusal | IOException | RuntimeException e) {
            // Its owner is told that it does not exist, and registers again.
            LOG.warn("{}: not an account, ignored", file, e);
        }
    }
}
