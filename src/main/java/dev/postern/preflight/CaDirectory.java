package dev.postern.preflight;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.postern.certificate.issuer.BoundedHttp;
import dev.postern.config.Issuer.AcmeDirectory;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a CA says of itself, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.1">RFC 8555 §7.1.1</a>.
 *
 * @param caaIdentities the names by which CAA records mean this CA; none where it does not say
 * @param date the time by its clock, in whole seconds
 */
record CaDirectory(List<String> caaIdentities, Optional<Instant> date) {
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** Blocking; at most ten seconds, and one MiB. */
    static CaDirectory read(AcmeDirectory issuer) throws IOException, InterruptedException {
        return read(issuer, DEADLINE);
    }

    /** @param deadline from connecting to the last byte */
    static CaDirectory read(AcmeDirectory issuer, Duration deadline) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(issuer.directory())
                .header("User-Agent", "postern")
                .build();
        BoundedHttp.Answer answer = new BoundedHttp(issuer.caFile()).send(request, deadline);
        if (answer.status() != 200) {
            throw new IOException("answered " + answer.status());
        }
        try {
            return new CaDirectory(
                    identities(StandardCharsets.UTF_8.decode(answer.body()).toString()),
                    answer.headers().firstValue("Date").flatMap(CaDirectory::date));
        } catch (JsonParseException
                | IllegalStateException
                | ClassCastException
                | UnsupportedOperationException
                | StackOverflowError e) {
            throw new IOException("the answer is not a directory", e);
        }
    }

    private static List<String> identities(String body) {
        JsonObject directory = JsonParser.parseString(body).getAsJsonObject();
        JsonObject meta = directory.has("meta") ? directory.getAsJsonObject("meta") : null;
        JsonArray identities =
                meta != null && meta.has("caaIdentities") ? meta.getAsJsonArray("caaIdentities") : new JsonArray();
        List<String> names = new ArrayList<>();
        for (JsonElement identity : identities) {
            names.add(identity.getAsString());
        }
        return names;
    }

    private static Optional<Instant> date(String text) {
        try {
            return Optional.of(ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
