package dev.postern.config.read;

import dev.postern.config.BindAddress;
import dev.postern.config.CertificateSource;
import dev.postern.config.HostName;
import dev.postern.config.Listeners;
import dev.postern.config.Listeners.Admin;
import dev.postern.config.Listeners.Challenge;
import dev.postern.config.Listeners.Http;
import dev.postern.config.Listeners.Https;
import dev.postern.config.Listeners.Protocol;
import dev.postern.config.Listeners.Ready;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import dev.postern.config.Secret;
import dev.postern.config.SecretFile;
import dev.postern.config.Suggestion;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@code listeners}. */
final class ListenersReader {
    static final List<String> KEYS = List.of("http", "https", "challenge", "admin");

    /** Characters: a word that somebody thought of is shorter. */
    private static final int LEAST_TOKEN = 16;

    private static final BindAddress HTTP = new BindAddress(null, 80);
    private static final BindAddress HTTPS = new BindAddress(null, 443);
    // Loopback only: what it shows is nobody's business outside.
    private static final BindAddress ADMIN = new BindAddress(InetAddress.getLoopbackAddress(), 9877);

    // 308 keeps method and body, https://datatracker.ietf.org/doc/html/rfc9110#section-15.4.9
    private static final OptionalInt REDIRECT = OptionalInt.of(308);
    private static final Scalar<OptionalInt> REDIRECT_STATUS = Scalar.oneOf(
            Map.of(
                    "301", OptionalInt.of(301),
                    "302", OptionalInt.of(302),
                    "307", OptionalInt.of(307),
                    "308", OptionalInt.of(308),
                    "off", OptionalInt.empty()),
            "301, 302, 307, 308 or off");

    private static final Scalar<Ready> READY = Scalar.oneOf(List.of(Ready.values()), Ready::text);

    private static final Scalar<Protocol> PROTOCOL = Scalar.oneOf(List.of(Protocol.values()), Protocol::text);

    private static final List<String> HTTP_KEYS =
            List.of("bind", "redirect", "proxy-protocol", "sites", "interface", "transparent");
    private static final List<String> HTTPS_KEYS =
            List.of("bind", "protocols", "proxy-protocol", "tls", "sites", "interface", "transparent");
    private static final List<String> FURTHER_KEYS = List.of(
            "kind", "bind", "redirect", "protocols", "proxy-protocol", "tls", "sites", "interface", "transparent");

    private enum Kind {
        HTTP,
        HTTPS;

        List<String> keys() {
            return this == HTTP ? HTTP_KEYS : HTTPS_KEYS;
        }

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Scalar<Kind> KIND = Scalar.oneOf(List.of(Kind.values()), Kind::text);

    private static final String OTHERS = "others";

    private final TakenAddresses taken;
    private final boolean areForSites;
    /** Names of sites that listeners have, as far as they are names, and where they stand. */
    private final Map<Value, String> named = new LinkedHashMap<>();

    /** @param areForSites whether there are any: else nobody takes the ports of the web by default */
    ListenersReader(TakenAddresses taken, boolean areForSites) {
        this.taken = taken;
        this.areForSites = areForSites;
    }

    Listeners read(Value value) {
        Section all =
                Section.named(value, "a mapping with the keys " + String.join(", ", KEYS) + ", and names of your own");
        Section http = all.section("http", HTTP_KEYS);
        Section https = all.section("https", HTTPS_KEYS);
        Section challenge = all.section("challenge", List.of("bind"));
        Section admin = all.section("admin", List.of("bind", "hosts", "ready", "users-file", "token-file"));
        Map<String, Further> further = new LinkedHashMap<>();
        for (String name : all.keys()) {
            if (!KEYS.contains(name)) {
                further.put(name, further(all.place(name), name));
            }
        }

        // The given addresses first: a default that is in the way of one is only moved by saying so.
        Map<Section, List<BindAddress>> given = new LinkedHashMap<>();
        for (Section listener : List.of(http, https, challenge, admin)) {
            given.put(listener, bind(listener));
        }
        List<Http> furtherHttp = new ArrayList<>();
        List<Https> furtherHttps = new ArrayList<>();
        further.forEach((name, listener) -> {
            Section at = listener.section;
            at.require("bind", "a list of addresses such as [\":8443\"]");
            if (listener.kind == Kind.HTTP) {
                furtherHttp.add(http(name, at, bind(at)));
            } else {
                furtherHttps.add(https(name, at, bind(at)));
            }
        });
        return new Listeners(
                http(Listeners.HTTP, http, orDefault(given, http, HTTP)),
                https(Listeners.HTTPS, https, orDefault(given, https, HTTPS)),
                List.copyOf(furtherHttp),
                List.copyOf(furtherHttps),
                new Challenge(orDefault(given, challenge, Challenge.DEFAULT)),
                all.has("admin")
                        ? new Admin(
                                orDefault(given, admin, ADMIN),
                                hosts(admin.find("hosts")),
                                admin.get("ready", READY, Ready.ALL),
                                AuthReader.operators(admin),
                                token(admin))
                        : null);
    }

    private record Further(Section section, Kind kind) {}

    private static Further further(Value at, String name) {
        if (!name.matches("[a-z0-9][a-z0-9._-]{0,62}")) {
            at.problem(Quoted.of(name)
                    + " is no name for a listener (expected: small letters, digits, dots, - and _, at most 63)");
        }
        Section listener = Section.of(at, FURTHER_KEYS);
        if (at.isMapping() && !listener.has("kind")) {
            String suggestion = Suggestion.among(KEYS, name);
            at.problem("has no kind" + (suggestion.startsWith(";") ? suggestion : "")
                    + " (expected: kind: http or kind: https for a listener of your own)");
        }
        Kind kind = listener.find("kind", KIND);
        for (String key : FURTHER_KEYS) {
            if (kind != null
                    && !key.equals("kind")
                    && listener.has(key)
                    && !kind.keys().contains(key)) {
                listener.place(key).problem("has no meaning at kind: " + kind.text() + " (expected: no such key)");
            }
        }
        // Of one that says nothing it was said already that it has to.
        return new Further(listener, kind == null ? Kind.HTTP : kind);
    }

    private Http http(String name, Section http, List<BindAddress> bind) {
        return new Http(
                name,
                bind,
                http.get("redirect", REDIRECT_STATUS, REDIRECT),
                AddressesReader.ranges(http.find("proxy-protocol")),
                sites(http.find("sites", List.of(OTHERS))));
    }

    private Https https(String name, Section https, List<BindAddress> bind) {
        return new Https(
                name,
                bind,
                protocols(https.find(
                        "protocols",
                        Https.DEFAULT_PROTOCOLS.stream().map(Protocol::text).toList())),
                AddressesReader.ranges(https.find("proxy-protocol")),
                https.has("tls") ? TlsReader.read(https.section("tls", TlsReader.KEYS)) : null,
                sites(https.find("sites", List.of(OTHERS))));
    }

    private Listeners.Sites sites(@Nullable Value value) {
        if (value == null) {
            return Listeners.Sites.OTHERS;
        }
        Set<String> names = new LinkedHashSet<>();
        boolean others = false;
        for (Value item : value.itemsOrOne(
                "names of sites such as [app.example.com], and others for all that no listener" + " names")) {
            if (OTHERS.equals(item.text("the name of a site, or others"))) {
                others = true;
                continue;
            }
            String name = item.read(HostName.SITE);
            if (name != null) {
                names.add(name);
                named.put(item, name);
            }
        }
        return new Listeners.Sites(List.copyOf(names), others);
    }

    /** Whether the names that listeners have are those of sites, and no listener has two sites by default. */
    void check(Listeners listeners, List<SitesReader.Entry> sites) {
        Set<String> known = new LinkedHashSet<>();
        sites.forEach(site -> site.names().forEach(name -> known.add(name.name())));
        named.forEach((at, name) -> {
            if (!known.contains(name)) {
                at.problem(Quoted.of(name) + " is a name of no site" + Suggestion.among(known, name));
            }
        });
        listeners.allHttp().forEach(http -> servedOverTls(listeners, http, sites));
        // In each, the others would never be asked.
        Stream.concat(
                        listeners.allHttp().stream().map(Http::sites),
                        listeners.allHttps().stream().map(Https::sites))
                .distinct()
                .forEach(which -> oneByDefault(listeners, which, sites));
    }

    /** What has a certificate and is named by listeners for plaintext alone would be redirected to nowhere. */
    private void servedOverTls(Listeners listeners, Http http, List<SitesReader.Entry> sites) {
        for (SitesReader.Entry site : sites) {
            List<String> names =
                    site.names().stream().map(SitesReader.Name::name).toList();
            boolean isNamed = names.stream().anyMatch(http.sites().named()::contains);
            boolean isServed = listeners.allHttps().stream()
                    .anyMatch(https -> https.sites().have(names, listeners.namedSites()));
            if (isNamed && !isServed && !(site.certificate() instanceof CertificateSource.None)) {
                named.forEach((at, name) -> {
                    if (names.contains(name) && at.path().startsWith("listeners." + http.name() + ".")) {
                        at.problem(Quoted.of(name)
                                + " has a certificate, and no listener for TLS names it (expected: one of"
                                + " kind: https that does, or plain: true of the site)");
                    }
                });
            }
        }
    }

    private static void oneByDefault(Listeners listeners, Listeners.Sites which, List<SitesReader.Entry> sites) {
        Value first = null;
        for (SitesReader.Entry site : sites) {
            Value at = site.byDefaultAt();
            if (at == null
                    || !which.have(
                            site.names().stream().map(SitesReader.Name::name).toList(), listeners.namedSites())) {
                continue;
            }
            if (first == null) {
                first = at;
            } else {
                at.problem("is the second site for clients that name no other; the first one is " + first.path() + " "
                        + first.seenFrom(at) + " (expected: one of them, or listeners that name their sites)");
            }
        }
    }

    private static List<String> hosts(@Nullable Value value) {
        List<String> hosts = new ArrayList<>();
        if (value != null) {
            for (Value item : value.items("a list such as [metrics.internal]")) {
                String host = item.read(HostName.PLAIN);
                if (host != null) {
                    hosts.add(host);
                }
            }
        }
        return List.copyOf(hosts);
    }

    private static @Nullable Secret token(Section admin) {
        if (!admin.has("token-file")) {
            return null;
        }
        Value at = admin.place("token-file");
        Path file = at.read(FilePath.READABLE);
        if (file == null) {
            return null;
        }
        try {
            String token = SecretFile.password(file);
            if (token.length() >= LEAST_TOKEN && token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
                return new Secret(token);
            }
            at.problem("has no token that nobody guesses (expected: " + LEAST_TOKEN
                    + " or more printable ASCII characters, such as openssl rand -hex 32 makes)");
        } catch (IOException e) {
            at.problem(
                    "cannot be read: " + Quoted.of(String.valueOf(e.getMessage())) + " (expected: one line of text)");
        }
        return null;
    }

    private static List<Protocol> protocols(@Nullable Value value) {
        if (value == null) {
            return Https.DEFAULT_PROTOCOLS;
        }
        List<Protocol> protocols = new ArrayList<>();
        for (Value item : value.items("a list such as [h2, http/1.1]")) {
            Protocol protocol = item.read(PROTOCOL);
            if (protocol != null && protocols.contains(protocol)) {
                item.problem(Quoted.of(protocol.text()) + " is there twice (expected: each one once)");
            } else if (protocol != null) {
                protocols.add(protocol);
            }
        }
        return List.copyOf(protocols);
    }

    private List<BindAddress> bind(Section listener) {
        Value value = listener.find("bind");
        List<BindAddress> addresses = new ArrayList<>();
        if (value == null) {
            return addresses;
        }
        Sockets sockets = Sockets.of(listener);
        for (Value item : value.itemsOrOne("a list of addresses such as [\":443\"]")) {
            BindAddress read = item.read(AddressesReader.BIND);
            if (read != null) {
                BindAddress address = sockets.at(read);
                taken.take(item, address, "");
                addresses.add(address);
            }
        }
        return addresses;
    }

    private List<BindAddress> orDefault(
            Map<Section, List<BindAddress>> given, Section listener, BindAddress otherwise) {
        boolean isGiven =
                areForSites ? listener.find("bind", List.of(otherwise.toString())) != null : listener.has("bind");
        if (isGiven) {
            return List.copyOf(given.getOrDefault(listener, List.of()));
        }
        BindAddress address = Sockets.of(listener).at(otherwise);
        if (areForSites) {
            taken.take(listener.place("bind"), address, "the default ");
        }
        return List.of(address);
    }
}
