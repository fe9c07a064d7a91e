package dev.postern.certificate.store.files;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code certs/<site>/order.json}, or {@code order-<issuer>.json} where that holds the order of another issuer: in an
 * emergency several are asked, and what one of them has issued already must not be forgotten for the next.
 */
final class OrderFile implements OrderJournal {
    private static final Logger LOG = LoggerFactory.getLogger(OrderFile.class);

    private final String site;
    private final Path shared;
    private final Path own;
    private final String issuer;
    private final TokenFile token;

    OrderFile(String site, Path folder, String issuer, TokenFile token) {
        this.site = site;
        this.issuer = issuer;
        this.token = token;
        this.shared = folder.resolve("order.json");
        this.own = folder.resolve("order-" + StoreNames.of(issuer) + ".json");
    }

    private Path file() throws IOException {
        if (Files.exists(own)) {
            return own;
        }
        return read(shared).map(entry -> entry.issuer().equals(issuer)).orElse(true) ? shared : own;
    }

    @Override
    public Optional<OrderEntry> read() throws IOException {
        return read(file());
    }

    Optional<OrderEntry> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String text = RegularFile.stored(file);
        try {
            JsonObject json = JsonParser.parseString(text).getAsJsonObject();
            List<String> names = json.getAsJsonArray("names").asList().stream()
                    .map(JsonElement::getAsString)
                    .toList();
            JsonElement key = json.get("key");
            JsonElement replaces = json.get("replaces");
            return Optional.of(new OrderEntry(
                    json.get("issuer").getAsString(),
                    json.get("account").getAsString(),
                    names,
                    json.get("order").getAsString(),
                    key == null ? null : key.getAsString(),
                    replaces == null ? null : replaces.getAsString()));
        } catch (RuntimeException e) {
            LOG.warn("{}: {}: not readable ({}); a new order is made", site, file, e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void write(OrderEntry entry) throws IOException {
        JsonObject json = new JsonObject();
        json.addProperty("issuer", entry.issuer());
        json.addProperty("account", entry.account());
        JsonArray names = new JsonArray();
        entry.names().forEach(names::add);
        json.add("names", names);
        json.addProperty("order", entry.order());
        if (entry.keyPem() != null) {
            json.addProperty("key", entry.keyPem());
        }
        if (entry.replaces() != null) {
            json.addProperty("replaces", entry.replaces());
        }
        Path file = file();
        token.requireForWriting();
        try {
            DurableFiles.replace(file, JsonText.of(json));
        } catch (IOException e) {
            throw named(file, e);
        }
    }

    @Override
    public void clear() throws IOException {
        Path file = file();
        token.requireForWriting();
        try {
            if (Files.deleteIfExists(file)) {
                Path folder = file.getParent();
                if (folder != null) {
                    DurableFiles.sync(folder);
                }
            }
        } catch (IOException e) {
            throw named(file, e);
        }
    }

    /** A full disk is told without saying where. */
    private static IOException named(Path file, IOException failure) {
        FileSystemException named = new FileSystemException(file.toString(), null, DiskFailure.reason(failure));
        named.initCause(failure);
        return named;
    }
}
