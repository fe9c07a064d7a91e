package dev.postern.certificate.store.files;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.store.OpenChallenge;
import dev.postern.certificate.store.OpenChallenges;
import dev.postern.config.ChallengeType;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code certs/.challenges/<token>.json}. */
final class ChallengeFiles implements OpenChallenges {
    private static final Logger LOG = LoggerFactory.getLogger(ChallengeFiles.class);

    /** A dot begins no name of a site. */
    private static final String NAME = ".challenges";

    private static final String SUFFIX = ".json";

    /** Four orders in flight have 400 at most; those of ten crashes at that are not swept yet. */
    static final int MOST = 4096;

    /** Of each of its few texts there are 255 characters at most. */
    private static final int MOST_BYTES = 16 << 10;

    private final Path folder;
    private final TokenFile token;

    ChallengeFiles(Path store, TokenFile token) {
        this.folder = store.resolve(NAME);
        this.token = token;
    }

    private Path file(String name) {
        return folder.resolve(name + SUFFIX);
    }

    /** One at a time: orders that share an authorization have the same token. */
    @Override
    public synchronized void publish(OpenChallenge challenge) throws IOException {
        challenge.requireSound();
        Path file = file(challenge.token());
        token.requireForWriting();
        try {
            if (!Files.exists(file) && tokens().size() >= MOST) {
                throw new IOException("there are " + MOST + " challenges already");
            }
            JsonObject json = new JsonObject();
            json.addProperty("type", challenge.type().text());
            json.addProperty("site", challenge.answer().site());
            json.addProperty("name", challenge.answer().name());
            json.addProperty("key-authorization", challenge.answer().keyAuthorization());
            json.addProperty("until", challenge.until().toString());
            DurableFiles.replace(file, JsonText.of(json));
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        }
    }

    @Override
    public Optional<OpenChallenge> find(String token, Instant now) throws IOException {
        return OpenChallenge.isToken(token)
                ? Optional.ofNullable(read(token)).filter(challenge -> challenge.isOpen(now))
                : Optional.empty();
    }

    /** Null where there is none, or none that can be understood. */
    private @Nullable OpenChallenge read(String token) throws IOException {
        Path file = file(token);
        if (!Files.exists(file)) {
            return null;
        }
        String text = RegularFile.text(file, MOST_BYTES);
        try {
            JsonObject json = JsonParser.parseString(text).getAsJsonObject();
            String type = json.get("type").getAsString();
            ChallengeAnswer answer = new ChallengeAnswer(
                    json.get("site").getAsString(),
                    json.get("name").getAsString(),
                    token,
                    json.get("key-authorization").getAsString());
            for (ChallengeType known : ChallengeType.values()) {
                if (known.text().equals(type)) {
                    return new OpenChallenge(
                            known, answer, Instant.parse(json.get("until").getAsString()));
                }
            }
        } catch (RuntimeException e) {
            LOG.debug("{}: not readable", file, e);
        }
        return null;
    }

    @Override
    public List<String> tokens() throws IOException {
        List<String> tokens = new ArrayList<>();
        for (Path child : DurableFiles.list(folder)) {
            String name = child.getFileName().toString();
            String token = name.substring(0, Math.max(0, name.length() - SUFFIX.length()));
            if (name.endsWith(SUFFIX) && OpenChallenge.isToken(token)) {
                tokens.add(token);
            }
        }
        return tokens;
    }

    /** What a power failure brings back does no harm, and its time is over soon: not synced. */
    @Override
    public synchronized void withdraw(ChallengeAnswer answer) throws IOException {
        if (OpenChallenge.isToken(answer.token())) {
            token.requireForWriting();
            Files.deleteIfExists(file(answer.token()));
        }
    }

    @Override
    public synchronized void sweep(Instant now) throws IOException {
        token.requireForWriting();
        for (String each : tokens()) {
            OpenChallenge challenge = read(each);
            if (challenge == null || !challenge.isOpen(now)) {
                Files.deleteIfExists(file(each));
            }
        }
    }
}
