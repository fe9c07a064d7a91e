package dev.postern.control;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.config.Quoted;
import dev.postern.config.Suggestion;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What each command may be asked with. A key that nobody reads would be a wish that nobody heeds: {@code "for": "1h"} instead of
 * {@code until}, and a server is drained for ever.
 */
final class RequestKeys {
    private enum Kind {
        TEXT("a text"),
        FLAG("true or false"),
        TEXTS("a list of texts");

        private final String what;

        Kind(String what) {
            this.what = what;
        }

        boolean is(JsonElement value) {
            return switch (this) {
                case TEXT -> isText(value);
                case FLAG ->
                    value.isJsonPrimitive() && value.getAsJsonPrimitive().isBoolean();
                case TEXTS ->
                    value.isJsonArray()
                            && value.getAsJsonArray().asList().stream().allMatch(Kind::isText);
            };
        }

        private static boolean isText(JsonElement value) {
            return value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
        }
    }

    /** Of every command. */
    private static final List<String> ALL = List.of("command", OneFile.KEY);

    private static final Set<String> FLAGS = Set.of("all", "dry-run", "force");
    private static final Set<String> LISTS = Set.of("headers", "issuers", "sites");

    /** Of those of people; what one Postern asks another may grow with the next version, and the one before has to bear it. */
    private static final Map<String, List<String>> KEYS = Map.ofEntries(
            Map.entry("list", List.of()),
            Map.entry("issue", List.of("sites", "force")),
            Map.entry("renew", List.of("site", "all", "force", "dry-run")),
            Map.entry("plan", List.of()),
            Map.entry("explain", List.of("site")),
            Map.entry("revoke", List.of("site", "serial", "reason")),
            Map.entry("rekey", List.of("site")),
            Map.entry("rollback", List.of("site")),
            Map.entry("import", List.of("site", "issuer", "privkey", "fullchain", "issuers", "account", "dry-run")),
            Map.entry("import-account", List.of("issuer", "key", "account", "dry-run")),
            Map.entry("account-show", List.of()),
            Map.entry("account-new", List.of("issuer")),
            Map.entry("account-rollover", List.of("issuer")),
            Map.entry("server", List.of("server", "action", "weight", "until")),
            Map.entry("explain-request", List.of("url", "method", "from", "headers", "listener")),
            Map.entry("explain-ended", List.of("id", "last")),
            Map.entry("status", List.of()),
            Map.entry("connections", List.of()),
            Map.entry("top", List.of()),
            Map.entry("reload", List.of()));

    private RequestKeys() {}

    static boolean knows(String command) {
        return KEYS.containsKey(command);
    }

    /** @throws ControlFailure that says which key is none of the command, or is not what it takes; then nothing was done */
    static void require(JsonObject request) throws ControlFailure {
        String command = ControlRequest.text(request, "command", "");
        List<String> known = KEYS.get(command);
        if (known == null) {
            return;
        }
        for (Map.Entry<String, JsonElement> entry : request.entrySet()) {
            String key = entry.getKey();
            if (ALL.contains(key) || entry.getValue().isJsonNull()) {
                continue;
            }
            if (!known.contains(key)) {
                throw ControlFailure.usage(command + ": " + Quoted.of(key) + ": unknown key"
                        + (known.isEmpty() ? " (expected: none)" : Suggestion.among(new TreeSet<>(known), key))
                        + "; nothing was done");
            }
            Kind kind = FLAGS.contains(key) ? Kind.FLAG : LISTS.contains(key) ? Kind.TEXTS : Kind.TEXT;
            if (!kind.is(entry.getValue())) {
                // Its value may be a key.
                throw ControlFailure.usage(
                        command + ": " + key + ": not understood (expected: " + kind.what + "); nothing was done");
            }
        }
    }
}
