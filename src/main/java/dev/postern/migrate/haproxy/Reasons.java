package dev.postern.migrate.haproxy;

import dev.postern.migrate.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Why lines that no other class has spoken for are not carried over, by their first words. */
final class Reasons {
    private static final Reason UNKNOWN =
            new Reason("the import does not know it", "see whether config/postern.yaml has a word for it");
    private static final Reason PROCESS =
            new Reason("the service manager says how Postern runs", "see the unit in docs/install.md");
    private static final Reason ITSELF = new Reason("Postern does this by itself", "");
    private static final Reason TLS =
            new Reason("Mozilla's recommendations stand for lists of ciphers", "see tls: profile");
    private static final Reason STATS = new Reason(
            "postern status, the page of the admin listener and /metrics show how it stands, and postern server takes commands",
            "see listeners: admin");
    private static final Reason LIST = new Reason("sections of this kind have no place here", "");
    private static final Reason STICK = new Reason(
            "nothing is remembered of clients but by cookie or address", "balance: source, sticky or rate-limit");

    private static final Reason UNCHECKED =
            new Reason("no server of it says check, or another option took its place", "health of the backend");
    private static final Reason ACCEPTED = new Reason(
            "it keeps nobody out; what has to be known of a connection is waited for by itself",
            "see timeouts: handshake");

    private static final Reason NOTHING = new Reason("nothing of it could be carried over", "");

    private static final Map<String, Reason> KNOWN = Map.ofEntries(
            Map.entry(
                    ".if",
                    new Reason("what holds under a condition is not looked at", "import the file that is left of it")),
            Map.entry(
                    "log",
                    new Reason(
                            "logs go to standard output, a file, or syslog",
                            "access-log: { to: FILE }, or to: syslog:/dev/log")),
            Map.entry("log-format", new Reason("the access log has forms of its own", "access-log: { format: json }")),
            Map.entry("chroot", PROCESS),
            Map.entry("user", PROCESS),
            Map.entry("group", PROCESS),
            Map.entry("uid", PROCESS),
            Map.entry("gid", PROCESS),
            Map.entry("daemon", PROCESS),
            Map.entry("pidfile", PROCESS),
            Map.entry("master-worker", PROCESS),
            Map.entry("nbproc", PROCESS),
            Map.entry("nbthread", PROCESS),
            Map.entry("cpu-map", PROCESS),
            Map.entry("ulimit-n", PROCESS),
            Map.entry("setenv", new Reason("its value was put in where it is used", "")),
            Map.entry("presetenv", new Reason("its value was put in where it is used", "")),
            Map.entry("stats", STATS),
            Map.entry("ssl-default-bind-ciphers", TLS),
            Map.entry("ssl-default-bind-ciphersuites", TLS),
            Map.entry("ssl-default-bind-options", TLS),
            Map.entry("ssl-default-bind-curves", TLS),
            Map.entry("ssl-default-server-options", TLS),
            Map.entry("ssl-default-server-ciphers", TLS),
            Map.entry("tune.ssl.default-dh-param", new Reason("there is no finite-field Diffie-Hellman", "")),
            Map.entry(
                    "errorfile",
                    new Reason(
                            "it holds a whole response, and error-pages take the body alone",
                            "cut its head off, then error-pages: { 503: FILE } of the sites")),
            Map.entry("errorloc", new Reason("errors are no redirects", "error-pages of the sites")),
            Map.entry("retries", new Reason("where no connection can be made the next server is always tried", "")),
            Map.entry(
                    "option http-server-close",
                    new Reason("connections to servers are kept, and made anew as needed", "")),
            Map.entry("option httpclose", new Reason("clients may keep connections", "timeouts: { keep-alive: 1s }")),
            Map.entry("option abortonclose", ITSELF),
            Map.entry("option splice-auto", ITSELF),
            Map.entry("option tcpka", new Reason("the kernel decides about keep-alive packets", "")),
            Map.entry("stick-table", STICK),
            Map.entry("stick", STICK),
            Map.entry("peers", LIST),
            Map.entry("mailers", LIST),
            Map.entry("frontend", NOTHING),
            Map.entry("listen", NOTHING),
            Map.entry(
                    "backend", new Reason("none of its servers could be carried over", "servers that can be reached")),
            Map.entry(
                    "option forwardfor",
                    new Reason("X-Forwarded-For is written for everybody, under that name", "trusted-proxies")),
            Map.entry("cache", LIST),
            Map.entry("program", LIST),
            Map.entry("ring", LIST),
            Map.entry("userlist", new Reason("passwords are bcrypt hashes here", "auth: { users: … } of a site")),
            Map.entry("resolvers", new Reason("names are asked for by themselves", "resolvers: [ADDRESS]")),
            Map.entry(
                    "http-request deny",
                    new Reason("the condition has no counterpart", "allow, deny or respond of a route", true)),
            Map.entry(
                    "http-request auth",
                    new Reason("passwords are bcrypt hashes here", "auth of a site or route", true)),
            Map.entry("http-request tarpit", new Reason("nobody is kept waiting on purpose", "rate-limit", true)),
            Map.entry("http-request reject", new Reason("the condition has no counterpart", "allow, deny", true)),
            Map.entry(
                    "http-request set-src",
                    new Reason(
                            "clients are who connects, or whom X-Forwarded-For of proxies names",
                            "trusted-proxies: [ADDRESSES], then the rules about addresses again")),
            Map.entry("http-request track-sc0", STICK),
            Map.entry(
                    "block", new Reason("the condition has no counterpart", "allow, deny or respond of a route", true)),
            Map.entry("tcp-request connection", new Reason("no counterpart", "allow, deny, rate-limit", true)),
            Map.entry("tcp-request session", new Reason("no counterpart", "allow, deny, rate-limit", true)),
            Map.entry("tcp-request content reject", new Reason("no counterpart", "allow, deny, rate-limit", true)),
            Map.entry("tcp-request content silent-drop", new Reason("no counterpart", "allow, deny", true)),
            Map.entry("tcp-request connection accept", ACCEPTED),
            Map.entry("tcp-request session accept", ACCEPTED),
            Map.entry("tcp-request content accept", ACCEPTED),
            Map.entry("tcp-request content", new Reason("no counterpart", "")),
            Map.entry(
                    "tcp-request inspect-delay",
                    new Reason(
                            "what has to be known of a connection is waited for by itself", "see timeouts: handshake")),
            Map.entry(
                    "use_backend",
                    new Reason(
                            "nothing could be carried over of what it is about", "a site, route or service by hand")),
            Map.entry(
                    "default_backend",
                    new Reason("no server of it could be carried over, or nobody comes to it", "a backend by hand")),
            Map.entry("capture", new Reason("the access log has fields of its own", "")),
            Map.entry(
                    "timeout",
                    new Reason("no timeout of Postern is that one, or another one took its place", "see timeouts")),
            Map.entry("bind", new Reason("nothing listens there: its section is not carried over", "")),
            Map.entry("disabled", new Reason("what is switched off is not served", "")),
            Map.entry("option httpchk", UNCHECKED),
            Map.entry("option tcp-check", UNCHECKED),
            Map.entry("option redis-check", UNCHECKED),
            Map.entry("option pgsql-check", UNCHECKED),
            Map.entry("option mysql-check", UNCHECKED),
            Map.entry("option smtpchk", UNCHECKED),
            Map.entry("option ldap-check", UNCHECKED),
            Map.entry("maxconn", new Reason("counted for all listeners together", "limits: { connections: … }")));

    private Reasons() {}

    /** @param kind of the section that it is in */
    static Reason of(String kind, Statement statement) {
        if (!Set.of("global", "defaults", "frontend", "backend", "listen").contains(kind)) {
            return KNOWN.getOrDefault(kind, LIST);
        }
        List<String> words = new ArrayList<>(statement.words());
        if (words.get(0).equals("no") && words.size() > 1) {
            words.remove(0);
        }
        String first = words.get(0);
        Reason three = words.size() > 2 ? KNOWN.get(first + " " + words.get(1) + " " + words.get(2)) : null;
        if (three != null) {
            return three;
        }
        Reason two = words.size() > 1 ? KNOWN.get(first + " " + words.get(1)) : null;
        if (two != null) {
            return two;
        }
        return KNOWN.getOrDefault(first, UNKNOWN);
    }
}
