package dev.postern.migrate.haproxy;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Tally;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a server is chosen: {@code balance} and its arguments, {@code hash-…}, {@code stick on src} and {@code cookie}. */
final class Balancing {
    private static final Map<String, String> WORDS = Map.of(
            "roundrobin", "round-robin",
            "static-rr", "static-rr",
            "leastconn", "least-connections",
            "first", "first",
            "random", "random",
            "source", "source");

    private final Section section;
    private final Tally tally;
    private final Mapping at;

    private Balancing(Section section, Tally tally, Mapping at) {
        this.section = section;
        this.tally = tally;
        this.at = at;
    }

    static void write(Section section, Tally tally, Mapping at) {
        Balancing balancing = new Balancing(section, tally, at);
        if (!balancing.sticksBySource()) {
            section.setting("balance").ifPresent(balancing::balance);
        }
        if (!section.isTcp()) {
            section.setting("cookie").ifPresent(balancing::cookie);
        }
    }

    private boolean sticksBySource() {
        List<Statement> sticks = section.all("stick").stream()
                .filter(stick -> stick.word(1).equals("on") || stick.word(1).equals("match"))
                .filter(stick -> stick.word(2).equals("src"))
                .toList();
        if (sticks.isEmpty()) {
            return false;
        }
        sticks.forEach(tally::carried);
        section.all("stick", "store-request", "src").forEach(tally::itself);
        at.put("balance", "source");
        section.all("stick-table").stream()
                .filter(table -> table.valueOf("store").isEmpty())
                .forEach(tally::itself);
        section.ownSetting("balance")
                .filter(balance -> !balance.begins("balance", "source"))
                .ifPresent(balance -> tally.note(
                        at, balance, "a client that sticks to its server has it by its address: balance: source", ""));
        return true;
    }

    private void balance(Statement balance) {
        Fetch by = Fetch.of(balance.word(1));
        Optional<Map<String, String>> hash = hash(by, balance);
        String word = WORDS.get(by.name());
        if (word != null && !by.name().equals("source")) {
            at.put("balance", word);
            tally.carried(balance);
        } else if (word != null || hash.isPresent()) {
            Map<String, String> how = new LinkedHashMap<>(hash.orElse(Map.of("by", "source")));
            section.setting("hash-balance-factor")
                    .filter(factor -> Numbers.isBetween(factor.word(1), 110, 1000))
                    .ifPresent(factor -> {
                        how.put("bounded-load", factor.word(1) + "%");
                        tally.carried(factor);
                    });
            section.setting("hash-type")
                    .filter(type ->
                            type.word(1).equals("consistent") && type.words().size() == 2)
                    .ifPresent(tally::itself);
            if (how.size() == 1) {
                at.put("balance", how.getOrDefault("by", "source"));
            } else {
                at.put("balance", how);
            }
            tally.carried(balance);
        } else if (by.name().equals("rdp-cookie") && section.isTcp()) {
            if (isWord(by.argument())) {
                at.put("balance", Map.of("by", "rdp-cookie", "name", by.argument()));
            } else {
                at.put("balance", "rdp-cookie");
            }
            tally.carried(balance);
            // A token that names a server goes before it by itself.
            section.all("persist", "rdp-cookie").forEach(tally::itself);
        } else {
            tally.note(at, balance, "servers are not chosen by that; round-robin now", "balance of the backend");
        }
    }

    private Optional<Map<String, String>> hash(Fetch by, Statement balance) {
        if (section.isTcp()) {
            return Optional.empty();
        }
        Map<String, String> how = new LinkedHashMap<>();
        switch (by.name()) {
            case "uri" -> {
                how.put("by", "uri");
                for (int i = 2; i < balance.words().size(); i++) {
                    switch (balance.word(i)) {
                        case "whole" -> how.put("whole", "true");
                        case "len" -> how.put("length", balance.word(++i));
                        case "depth" -> how.put("depth", balance.word(++i));
                        default -> {
                            return Optional.empty();
                        }
                    }
                }
                boolean isGood = Numbers.isBetween(how.getOrDefault("length", "1"), 1, 65_536)
                        && Numbers.isBetween(how.getOrDefault("depth", "1"), 1, 1000);
                return isGood ? Optional.of(how) : Optional.empty();
            }
            case "url_param" -> {
                how.put("by", "url-param");
                how.put("name", balance.word(2));
                return isWord(balance.word(2)) && balance.words().size() == 3 ? Optional.of(how) : Optional.empty();
            }
            case "hdr" -> {
                how.put("by", "header");
                how.put("name", by.argument());
                return isWord(by.argument()) && balance.words().size() == 2 ? Optional.of(how) : Optional.empty();
            }
            default -> {
                return Optional.empty();
            }
        }
    }

    private static boolean isWord(String text) {
        return !text.isEmpty()
                && text.length() <= 100
                && text.chars().allMatch(c -> (c < 0x80 && Character.isLetterOrDigit(c)) || "._-".indexOf(c) >= 0);
    }

    private void cookie(Statement cookie) {
        String name = cookie.word(1);
        if (!cookie.words().contains("insert") || !isWord(name) || name.startsWith("__")) {
            tally.note(at, cookie, "the cookie is always one of Postern's own, put in", "sticky of the backend");
            return;
        }
        Map<String, String> sticky = new LinkedHashMap<>();
        sticky.put("cookie", name);
        Times.limited(cookie.valueOf("maxlife")).ifPresent(time -> sticky.put("max-age", time));
        at.put("sticky", sticky);
        tally.carried(cookie);
        if (cookie.words().contains("domain")
                || cookie.words().contains("maxidle")
                || cookie.words().contains("attr")) {
            tally.note(at, cookie, "the cookie has max-age, same-site and path, and no more", "");
        }
    }
}
