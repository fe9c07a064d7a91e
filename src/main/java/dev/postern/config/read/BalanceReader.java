package dev.postern.config.read;

import dev.postern.config.Balance;
import dev.postern.config.Balance.ByHash;
import dev.postern.config.Balance.Plain;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.Spelling;
import dev.postern.config.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Reads {@code balance}: a word, or a mapping where there is more to say. */
final class BalanceReader {
    private static final String SOURCE = "source";
    private static final String URI = "uri";
    private static final String URL_PARAM = "url-param";
    private static final String HEADER = "header";
    private static final String RDP_COOKIE = "rdp-cookie";
    private static final List<String> WORDS = words();

    private static final Scalar<String> BY = Scalar.oneOf(WORDS, word -> word);
    private static final Scalar<Integer> LENGTH = Scalar.wholeNumber(1, 65536);
    private static final Scalar<Integer> DEPTH = Scalar.wholeNumber(1, 1000);
    // A parameter as it stands in a query; one with other characters would have to be decoded to be found.
    private static final Scalar<String> PARAMETER =
            new Scalar<>("the name of a parameter such as user", text -> word(text, "[A-Za-z0-9._~\\[\\]-]{1,100}"));
    // RFC 9110 §5.6.2.
    private static final Scalar<String> FIELD = new Scalar<>(
            "the name of a header such as X-Tenant", text -> word(text, "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}"));

    // What a client says in its first packet, https://learn.microsoft.com/openspecs/windows_protocols/ms-rdpbcgr
    private static final Scalar<String> RDP_NAME =
            new Scalar<>("the name of a cookie such as mstshash", text -> word(text, "[A-Za-z0-9_-]{1,32}"));

    /** Where the client, or its user, is the key. */
    private static final List<String> KEEP = List.of(SOURCE, RDP_COOKIE);

    /** As in the paper on bounded loads: a quarter more than the fair share moves few keys and keeps all servers busy. */
    private static final OptionalInt DEFAULT_BOUND = OptionalInt.of(125);

    private static final Scalar<OptionalInt> BOUND = new Scalar<OptionalInt>(
                    "110% to 1000%, or off", BalanceReader::bound)
            .spelled(Spelling.form("[0-9]{1,4}%", (Integer percent) -> percent + "%")
                    .or("off", OptionalInt.empty(), OptionalInt::getAsInt));

    private BalanceReader() {}

    private static List<String> words() {
        List<String> words = new ArrayList<>();
        for (Plain plain : Plain.values()) {
            words.add(plain.text());
        }
        words.addAll(List.of(SOURCE, URI, URL_PARAM, HEADER, RDP_COOKIE));
        return List.copyOf(words);
    }

    static Balance read(@Nullable Value value) {
        if (value == null) {
            return Balance.ROUND_ROBIN;
        }
        String by;
        Section settings;
        if (value.isMapping()) {
            settings = Section.of(value, List.of("by", "length", "depth", "whole", "name", "bounded-load"));
            by = settings.require("by", BY);
        } else {
            by = value.read(BY);
            settings = Section.none(value);
        }
        if (by == null) {
            return Balance.ROUND_ROBIN;
        }
        onlyFor(settings, by, List.of(URI), "length", "depth", "whole");
        onlyFor(settings, by, List.of(URL_PARAM, HEADER, RDP_COOKIE), "name");
        onlyFor(settings, by, List.of(SOURCE, URI, URL_PARAM, HEADER, RDP_COOKIE), "bounded-load");
        Balance.Key key = key(settings, by);
        if (key != null) {
            // Where the client is the key, its session often lives on that server: it stays there, unless told
            // otherwise.
            return new ByHash(
                    key, settings.get("bounded-load", BOUND, KEEP.contains(by) ? OptionalInt.empty() : DEFAULT_BOUND));
        }
        for (Plain plain : Plain.values()) {
            if (plain.text().equals(by)) {
                return plain;
            }
        }
        return Balance.ROUND_ROBIN;
    }

    private static Balance.@Nullable Key key(Section settings, String by) {
        return switch (by) {
            case SOURCE -> new Balance.Key.Source();
            case URI ->
                new Balance.Key.Uri(
                        optional(settings.find("length", LENGTH)),
                        optional(settings.find("depth", DEPTH)),
                        settings.get("whole", Scalar.BOOLEAN, false));
            case URL_PARAM -> {
                String name = settings.require("name", PARAMETER);
                yield name == null ? null : new Balance.Key.UrlParam(name);
            }
            case RDP_COOKIE -> new Balance.Key.RdpCookie(settings.get("name", RDP_NAME, "mstshash"));
            case HEADER -> {
                String name = settings.require("name", FIELD);
                yield name == null ? null : new Balance.Key.Header(name);
            }
            default -> null;
        };
    }

    private static void onlyFor(Section settings, String by, List<String> those, String... keys) {
        for (String key : keys) {
            Value value = settings.find(key);
            if (value != null && !those.contains(by)) {
                value.problem("means nothing to " + by + " (expected: only with " + Words.or(those) + ")");
            }
        }
    }

    private static OptionalInt optional(@Nullable Integer number) {
        return number == null ? OptionalInt.empty() : OptionalInt.of(number);
    }

    private static OptionalInt bound(String text) throws NotUnderstood {
        if (text.equals("off")) {
            return OptionalInt.empty();
        }
        if (!text.matches("[0-9]{1,4}%")) {
            throw new NotUnderstood(text.matches("[0-9]+") ? "has no unit" : "");
        }
        int percent = Integer.parseInt(text.substring(0, text.length() - 1));
        if (percent < 110 || percent > 1000) {
            throw new NotUnderstood("");
        }
        return OptionalInt.of(percent);
    }

    private static String word(String text, String form) throws NotUnderstood {
        if (!text.matches(form)) {
            throw new NotUnderstood("");
        }
        return text;
    }
}
