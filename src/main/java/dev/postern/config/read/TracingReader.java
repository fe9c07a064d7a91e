package dev.postern.config.read;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.Spelling;
import dev.postern.config.Tracing;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code tracing}. */
final class TracingReader {
    private static final List<String> KEYS = List.of("to", "sample", "service", "query", "token-file");

    /** Enough to see what is slow, of a site with some hundred requests a second. */
    private static final int SAMPLE = 10;

    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,3})(?:\\.([0-9]))?%");

    private static final Scalar<String> TO = new Scalar<>("a URL such as http://127.0.0.1:4318/v1/traces", text -> {
        try {
            URI uri = new URI(text);
            if (!("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) || uri.getHost() == null) {
                throw new NotUnderstood("is no http or https URL");
            }
            if (uri.getPath().isEmpty() || uri.getPath().equals("/")) {
                throw new NotUnderstood("has no path; collectors take traces at /v1/traces");
            }
            return text;
        } catch (URISyntaxException e) {
            throw new NotUnderstood("is no URL");
        }
    });

    private static final Scalar<Integer> PER_MILLE = new Scalar<Integer>(
                    "0% to 100%, such as 1% or 0.1%",
                    text -> {
                        Matcher percent = PERCENT.matcher(text);
                        if (!percent.matches()) {
                            throw new NotUnderstood("");
                        }
                        int perMille = 10 * Integer.parseInt(percent.group(1))
                                + (percent.group(2) == null ? 0 : Integer.parseInt(percent.group(2)));
                        if (perMille > 1000) {
                            throw new NotUnderstood("");
                        }
                        return perMille;
                    })
            .spelled(Spelling.form(
                    "[0-9]{1,3}(\\.[0-9])?%",
                    perMille -> perMille / 10 + (perMille % 10 == 0 ? "" : "." + perMille % 10) + "%"));

    private static final Scalar<String> SERVICE = new Scalar<>("a name such as postern", text -> {
        if (text.isBlank() || text.chars().anyMatch(Character::isISOControl)) {
            throw new NotUnderstood("is empty, or has control characters");
        }
        return text;
    });

    private TracingReader() {}

    /** Null where the file has no such section: then requests are not traced, and what clients say of theirs passes. */
    static @Nullable Tracing read(Section file) {
        if (!file.has("tracing")) {
            return null;
        }
        Section tracing = file.section("tracing", KEYS);
        String to = tracing.require("to", TO);
        Tracing read = new Tracing(
                to == null ? "" : to,
                tracing.get("sample", PER_MILLE, SAMPLE),
                tracing.get("service", SERVICE, "postern"),
                tracing.get("query", Scalar.BOOLEAN, true),
                tracing.find("token-file", FilePath.READABLE));
        return to == null ? null : read;
    }
}
