package dev.postern.config.read;

import dev.postern.config.Durations;
import dev.postern.config.Hsts;
import dev.postern.config.Page;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what a site says of all its answers: {@code hsts} and {@code error-pages}. */
final class AnswersReader {
    private static final List<String> HSTS_KEYS = List.of("max-age", "include-subdomains", "preload");

    /** What the lists that browsers carry ask for, https://hstspreload.org/ */
    private static final Duration PRELOADED = Duration.ofDays(365);

    private AnswersReader() {}

    static @Nullable Hsts hsts(Section site) {
        if (!site.has("hsts")) {
            return null;
        }
        Section at = site.section("hsts", HSTS_KEYS);
        if (at.at().isEmpty()) {
            // Elsewhere an empty value stands for the defaults; this one binds browsers for a year.
            at.at().problem("has no value (expected: a mapping with the keys " + String.join(", ", HSTS_KEYS) + ")");
        }
        Hsts hsts = new Hsts(
                at.get("max-age", Durations.POSITIVE_OR_ZERO, PRELOADED),
                at.get("include-subdomains", Scalar.BOOLEAN, false),
                at.get("preload", Scalar.BOOLEAN, false));
        if (hsts.preload() && (!hsts.includeSubdomains() || hsts.maxAge().compareTo(PRELOADED) < 0)) {
            at.place("preload")
                    .problem("browsers take up only sites with include-subdomains and a max-age of at least 365d"
                            + " (expected: both, or preload: false)");
        }
        return hsts;
    }

    /** By status, {@code 502}, or class of statuses, {@code 5xx}. */
    static Map<String, Page> errorPages(Section site) {
        Map<String, Page> pages = new LinkedHashMap<>();
        Value at = site.find("error-pages");
        Map<String, Value> entries = at == null
                ? null
                : at.entries("a mapping of statuses to files such as {404: not-found.html, 5xx: sorry.html}");
        if (entries != null) {
            entries.forEach((status, file) -> {
                if (!status.matches("[45]([0-9]{2}|xx)")) {
                    file.problem(Quoted.of(status) + " is no error (expected: a status from 400 to 599, 4xx or 5xx)");
                }
                Page page = file.read(PageReader.FILE);
                if (page != null) {
                    pages.put(status, page);
                }
            });
        }
        return Map.copyOf(pages);
    }
}
