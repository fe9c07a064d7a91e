package dev.postern.certificate.store.files;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.certificate.store.ToldRenewal;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code certs/<site>/told.json}: of which certificate of the site others were told last, so that a stop or a crash
 * between an installation and the telling loses nothing. Where there is no such file, nobody is waiting to be told.
 */
final class ToldFile implements ToldRenewal {
    private static final String SERIAL = "serial";

    private final Path folder;

    ToldFile(Path folder) {
        this.folder = folder;
    }

    private Path file() {
        return folder.resolve("told.json");
    }

    @Override
    public void expect() throws IOException {
        if (!Files.exists(file())) {
            write(null);
        }
    }

    @Override
    public void told(String serial) throws IOException {
        write(serial);
    }

    private void write(@Nullable String serial) throws IOException {
        JsonObject json = new JsonObject();
        if (serial != null) {
            json.addProperty(SERIAL, serial);
        }
        try {
            DurableFiles.replace(file(), json + "\n");
        } catch (IOException e) {
            throw new IOException(file() + ": " + DiskFailure.reason(e), e);
        }
    }

    @Override
    public Optional<Untold> missed() throws IOException {
        if (!Files.exists(file())) {
            return Optional.empty();
        }
        Path current = folder.resolve("current");
        if (!Files.exists(current.resolve("meta.json")) || Files.exists(current.resolve("revoked"))) {
            return Optional.empty();
        }
        JsonObject meta = read(current.resolve("meta.json"));
        String serial = text(meta, SERIAL);
        if (serial.isEmpty() || serial.equals(text(read(file()), SERIAL))) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Untold(
                    text(meta, "issuer"),
                    serial,
                    Instant.parse(text(meta, "not-before")),
                    Instant.parse(text(meta, "not-after")),
                    current.toRealPath().toString()));
        } catch (java.time.DateTimeException e) {
            throw new IOException(current.resolve("meta.json") + ": no dates: " + e.getMessage(), e);
        }
    }

    private static JsonObject read(Path file) throws IOException {
        try {
            return JsonParser.parseString(RegularFile.stored(file)).getAsJsonObject();
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        } catch (RuntimeException e) {
            throw new IOException(file + ": not readable: " + e.getMessage(), e);
        }
    }

    private static String text(JsonObject json, String key) {
        JsonElement value = json.get(key);
        return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
    }
}
