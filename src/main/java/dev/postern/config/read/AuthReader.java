package dev.postern.config.read;

import dev.postern.config.BasicAuth;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.RegularFile;
import dev.postern.config.Scalar;
import dev.postern.config.Secret;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code auth}. */
final class AuthReader {
    private static final List<String> KEYS = List.of("realm", "users", "users-file", "keep-authorization");

    /** The forms of OpenBSD and of htpasswd; what PHP and others write is one of them. */
    private static final Pattern BCRYPT = Pattern.compile("\\$2[aby]\\$([0-9]{2})\\$[./A-Za-z0-9]{53}");

    /** What htpasswd has made without being asked for anything better. */
    private static final Pattern QUICK =
            Pattern.compile("\\$apr1\\$[./A-Za-z0-9]{1,8}\\$[./A-Za-z0-9]{22}|\\{SHA\\}[A-Za-z0-9+/]{27}=");

    // Each step doubles the work. Below 4 there is no bcrypt; above 14 a single look takes a second and more of a core.
    private static final int LEAST_COST = 4;
    private static final int GREATEST_COST = 14;

    private static final int LARGEST_FILE_BYTES = 1 << 20;

    private static final Scalar<String> REALM = new Scalar<>("a text such as \"Staff only\"", text -> {
        if (text.isEmpty() || !text.chars().allMatch(c -> c >= 0x20 && c < 0x7f && c != '"' && c != '\\')) {
            throw new NotUnderstood("is empty, or has quotes, backslashes or characters outside ASCII");
        }
        return text;
    });

    /** What browsers show to operators who are asked who they are. */
    private static final String OPERATORS = "Postern";

    private AuthReader() {}

    /** @param inherited what stands where nothing is said; {@code auth: off} says that nobody is asked */
    static @Nullable BasicAuth read(Section at, @Nullable BasicAuth inherited) {
        Value value = at.find("auth");
        if (value == null) {
            return inherited;
        }
        if (value.isText("off")) {
            return null;
        }
        Section auth = Section.orOff(value, KEYS);
        if (!value.isMapping() && !value.isEmpty()) {
            return null;
        }
        Map<String, Secret> users = new LinkedHashMap<>();
        if (auth.has("users-file")) {
            file(auth.place("users-file"), users);
        }
        Map<String, Value> inline =
                auth.has("users") ? auth.place("users").entries("a mapping of names to bcrypt hashes") : null;
        if (inline != null) {
            inline.forEach((name, hash) -> {
                Secret text = hash.secret("a bcrypt hash");
                if (text != null) {
                    String wrong = user(name, text.text(), users);
                    if (wrong != null) {
                        hash.problem(wrong);
                    }
                }
            });
        }
        if (!auth.has("users") && !auth.has("users-file")) {
            auth.at().problem("has no users (expected: users or users-file)");
        } else if (users.isEmpty() && inline != null && inline.isEmpty()) {
            auth.at().problem("has no users, so that nobody could come in (expected: at least one)");
        }
        return new BasicAuth(
                auth.get("realm", REALM, "restricted"),
                java.util.Collections.unmodifiableMap(users),
                auth.get("keep-authorization", Scalar.BOOLEAN, true));
    }

    /** Who may do something at the admin listener; null where nobody is named. */
    static @Nullable BasicAuth operators(Section admin) {
        if (!admin.has("users-file")) {
            return null;
        }
        Map<String, Secret> users = new LinkedHashMap<>();
        file(admin.place("users-file"), users);
        // Without anybody there is a problem, and nobody is ever asked.
        return users.isEmpty() ? null : new BasicAuth(OPERATORS, java.util.Collections.unmodifiableMap(users), true);
    }

    /** What htpasswd writes: a user a line; empty lines and comments mean nothing. */
    private static void file(Value at, Map<String, Secret> users) {
        Path file = at.read(FilePath.READABLE);
        if (file == null) {
            return;
        }
        List<String> lines;
        try {
            if (Files.size(file) > LARGEST_FILE_BYTES) {
                at.problem("is larger than 1MiB (expected: a file that htpasswd has made)");
                return;
            }
            lines = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(RegularFile.bytes(file, LARGEST_FILE_BYTES)))
                    .toString()
                    .lines()
                    .toList();
        } catch (IOException e) {
            at.problem("cannot be read: " + Quoted.of(String.valueOf(e.getMessage())) + " (expected: UTF-8 text)");
            return;
        }
        int before = users.size();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int colon = line.indexOf(':');
            String wrong = colon < 0
                    ? "has no colon (expected: name:hash)"
                    : user(line.substring(0, colon), line.substring(colon + 1), users);
            if (wrong != null) {
                at.problem("line " + (i + 1) + " " + wrong);
                // A file that is something else altogether is wrong on every line.
                return;
            }
        }
        if (users.size() == before && lines.stream().allMatch(line -> line.isBlank() || line.startsWith("#"))) {
            at.problem("has no users, so that nobody could come in (expected: at least one)");
        }
    }

    /** What is wrong with the user, if something is; never with the hash in it. */
    private static @Nullable String user(String name, String hash, Map<String, Secret> users) {
        if (name.isEmpty() || name.indexOf(':') >= 0 || name.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
            return "has a name that is empty, or with a colon or control characters (expected: another name)";
        }
        Matcher bcrypt = BCRYPT.matcher(hash);
        boolean quick = QUICK.matcher(hash).matches();
        if (!bcrypt.matches() && !quick) {
            return "has no hash that is known (expected: what htpasswd -B makes, $2y$…; its $apr1$… and {SHA}… are taken as well)";
        }
        int cost = quick ? LEAST_COST : Integer.parseInt(bcrypt.group(1));
        if (cost < LEAST_COST || cost > GREATEST_COST) {
            return "has a bcrypt hash of cost " + cost + " (expected: a cost from " + LEAST_COST + " to "
                    + GREATEST_COST + "; 12 takes about a quarter of a second)";
        }
        return users.putIfAbsent(name, new Secret(hash)) == null
                ? null
                : "names " + Quoted.of(name) + " once more (expected: every name once)";
    }
}
