package dev.postern.migrate.nginx;

import dev.postern.config.RegularFile;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Ranges;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Who may come in. What Postern cannot ask for lets nobody in, and says so. */
final class Access {
    private static final Pattern BCRYPT = Pattern.compile("\\$2[aby]\\$([0-9]{2})\\$[./A-Za-z0-9]{53}");
    private static final int MOST_BYTES = 1 << 20;
    private static final List<String> OTHERS =
            List.of("auth_request", "auth_jwt", "secure_link", "access_by_lua_block");

    /** Of packages, with nothing inside of who may come in. */
    private static final List<String> HARMLESS = List.of(
            "options-ssl-nginx.conf",
            "mime.types",
            "proxy_params",
            "fastcgi_params",
            "fastcgi.conf",
            "uwsgi_params",
            "scgi_params");

    private final Path folder;
    private final Map<Directive, String> problems;
    private final Tally tally;

    Access(ConfigurationTree.Tree tree, Tally tally) {
        this.folder = tree.folder();
        this.problems = tree.problems();
        this.tally = tally;
    }

    Edits of(Scope scope, Mapping at) {
        Edits edits = addresses(scope, at).and(password(scope, at));
        for (String name : OTHERS) {
            Optional<Directive> other =
                    scope.one(name).filter(line -> !line.word(1).equals("off"));
            if (other.isPresent()) {
                tally.closed(
                        at, other.get(), "Postern cannot ask that", "auth, or allow and deny, in the place of deny");
                return Edits.NOBODY;
            }
        }
        scope.one("satisfy").ifPresent(line -> {
            if (line.word(1).equals("any")) {
                tally.note(at, line, "who comes in has to be let in by address and by password", "");
            } else {
                tally.carried(line);
            }
        });
        return edits;
    }

    /** Of a block: a file that is missing may have said who is kept out. */
    Edits missing(Directive block, Mapping at) {
        List<Directive> lines = block.own("include")
                .filter(problems::containsKey)
                .filter(line -> HARMLESS.stream()
                        .noneMatch(name -> line.word(1).endsWith("/" + name)
                                || line.word(1).equals(name)))
                .toList();
        lines.forEach(line -> tally.closed(
                at,
                line,
                problems.getOrDefault(line, "") + ", and may say who is kept out",
                "put it there, and import again"));
        return lines.isEmpty() ? Edits.NONE : Edits.NOBODY;
    }

    private Edits addresses(Scope scope, Mapping at) {
        List<Directive> lines = scope.all(List.of("allow", "deny"));
        boolean isAsked = lines.stream().anyMatch(line -> !line.word(1).equals("all"));
        Optional<String> differs = isAsked ? PeerAddress.differs(scope) : Optional.empty();
        differs.ifPresent(why -> lines.forEach(line -> tally.guard(at, line, why, "allow and deny of the route")));
        List<String> allow = new ArrayList<>();
        List<String> deny = new ArrayList<>();
        boolean isOpen = true;
        for (Directive line : lines) {
            String range = line.word(1);
            boolean isAllow = line.is("allow");
            if (range.equals("all")) {
                tally.carried(line);
                isOpen = isAllow;
                break;
            }
            Optional<String> read = Ranges.of(range);
            if (read.isEmpty()) {
                if (isAllow) {
                    tally.note(at, line, "clients have addresses", "");
                    continue;
                }
                tally.closed(at, line, "clients have addresses", "allow and deny of the route");
                return Edits.NOBODY;
            }
            if (!isAllow && !allow.isEmpty()) {
                tally.note(at, line, "whom an allow above let in is kept out as well where it is in this range", "");
            }
            tally.carried(line);
            (isAllow ? allow : deny).add(read.get());
        }
        if (isOpen) {
            return Edits.denying(deny);
        }
        return allow.isEmpty() ? Edits.NOBODY : Edits.allowing(allow).and(Edits.denying(deny));
    }

    private Edits password(Scope scope, Mapping at) {
        Optional<Directive> realm =
                scope.one("auth_basic").filter(line -> !line.word(1).equals("off"));
        if (realm.isEmpty()) {
            scope.one("auth_basic").ifPresent(tally::carried);
            return Edits.NONE;
        }
        Optional<Directive> file = scope.one("auth_basic_user_file");
        String why = file.map(line -> problem(line.word(1))).orElse("no file says who may come in");
        if (file.isEmpty() || !why.isEmpty()) {
            tally.closed(
                    at,
                    file.orElse(realm.get()),
                    why,
                    "auth: { users-file: FILE } in the place of deny, with hashes of htpasswd -B");
            tally.within(at, file.orElse(realm.get()), realm.get());
            return Edits.NOBODY;
        }
        tally.carried(realm.get());
        tally.carried(file.get());
        Map<String, String> auth = new LinkedHashMap<>();
        String name = realm.get().word(1);
        boolean isPlain = !name.isEmpty()
                && name.chars().allMatch(c -> c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '$' && c != '{');
        if (isPlain) {
            auth.put("realm", name);
        } else {
            tally.note(at, realm.get(), "realms are plain ASCII", "auth: { realm: … }");
        }
        auth.put("users-file", folder.resolve(file.get().word(1)).toString());
        return Edits.saying("auth", Value.mapping(auth));
    }

    /** Why Postern cannot use a file; empty where it can. */
    private String problem(String name) {
        if (name.indexOf('$') >= 0) {
            return "the file has a variable in its name";
        }
        List<String> lines;
        try {
            lines = RegularFile.text(folder.resolve(name), MOST_BYTES).lines().toList();
        } catch (IOException e) {
            return "the file is not here, or cannot be read";
        }
        Set<String> users = new HashSet<>();
        for (String line : lines) {
            if (line.isBlank() || line.strip().startsWith("#")) {
                continue;
            }
            int colon = line.indexOf(':');
            Matcher hash = BCRYPT.matcher(
                    colon < 0 ? "" : line.strip().substring(line.strip().indexOf(':') + 1));
            if (!hash.matches() || Integer.parseInt(hash.group(1)) < 4 || Integer.parseInt(hash.group(1)) > 14) {
                return "not all hashes in the file are of bcrypt (cost 4 to 14)";
            }
            if (!users.add(line.strip().substring(0, line.strip().indexOf(':')))) {
                return "the file names somebody twice";
            }
        }
        return users.isEmpty() ? "the file names nobody" : "";
    }
}
