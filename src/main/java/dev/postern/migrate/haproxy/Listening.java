package dev.postern.migrate.haproxy;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Names;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** {@code listeners}: addresses come together here from all sections that have sites. */
final class Listening {
    static final String PLAIN = "http";
    static final String SECURE = "https";

    private static final String ANY_PORT = "127.0.0.1:0";
    private static final String OTHERS = "others";

    private final List<Binds.Bind> plain = new ArrayList<>();
    private final List<Binds.Bind> secure = new ArrayList<>();
    private final Map<String, List<Binds.Bind>> further = new LinkedHashMap<>();
    /** Of these the ones that open no connection, and take those with TLS alone. */
    private final Set<String> unopened = new HashSet<>();

    private final Names names = new Names("._-");
    private final List<String> remarks = new ArrayList<>();
    private String redirect = "";
    private String aside = "";

    void add(List<Binds.Bind> binds) {
        binds.forEach(bind -> (bind.isTls() ? secure : plain).add(bind));
    }

    Listening() {
        // They mean something else.
        List.of(PLAIN, SECURE, "challenge", "admin", OTHERS).forEach(names::of);
    }

    /** What a further one is called, for a section. */
    String further(Section section, List<Binds.Bind> binds) {
        String name = names.of(section.name().toLowerCase(Locale.ROOT));
        further.put(name, binds);
        return name;
    }

    /** The same for connections that are passed on unopened. */
    String furtherSecure(Section section, List<Binds.Bind> binds) {
        String name = further(section, binds);
        unopened.add(name);
        return name;
    }

    /** One for sites that are to be on no other. */
    String aside() {
        if (aside.isEmpty()) {
            aside = names.of("certificates");
        }
        return aside;
    }

    /** Of those whose connections are passed on unopened. */
    void addSecure(List<Binds.Bind> binds) {
        secure.addAll(binds);
    }

    /** Where clients with TLS come to so far. */
    List<String> secureAddresses() {
        return secure.stream().flatMap(bind -> bind.addresses().stream()).toList();
    }

    boolean isPlain() {
        return !plain.isEmpty();
    }

    boolean isSecure() {
        return !secure.isEmpty();
    }

    /** A status, or off; the first that is said holds. */
    void redirect(String how) {
        redirect = redirect.isEmpty() ? how : redirect;
    }

    /** What there is to say of it. */
    void remark(String text) {
        if (!remarks.contains(text)) {
            remarks.add(text);
        }
    }

    /**
     * Where the addresses that Postern listens on unasked are somebody else's, or nobody's.
     *
     * @param hasSites although nothing listens for them where this has neither: they are there for their certificates
     */
    void makeWay(Mapping at, Binds binds, boolean hasSites) {
        boolean isUnasked = hasSites && !isSecure();
        if (!isPlain() && (binds.isTaken(80) || isUnasked)) {
            at.section("http")
                    .remark(
                            binds.isTaken(80)
                                    ? "Port 80 is taken above: nobody is redirected."
                                    : "Nothing was served on port 80: this is for nobody. A CA that asks there needs \":80\".")
                    .put("bind", List.of(ANY_PORT));
        }
        if (!isSecure() && (binds.isTaken(443) || isUnasked)) {
            at.section("https")
                    .remark(
                            binds.isTaken(443)
                                    ? "Port 443 is taken above."
                                    : "Nothing was served on port 443: this is for nobody.")
                    .put("bind", List.of(ANY_PORT));
        }
        if (binds.isTaken(9876)) {
            at.section("challenge").put("bind", List.of("127.0.0.1:9878"));
        }
    }

    void write(Mapping at, Tally tally, List<SiteDraft> drafts) {
        if (isPlain()) {
            Mapping http = at.section(PLAIN);
            bind(plain, http, tally);
            if (!redirect.isEmpty()) {
                remarks.forEach(http::remark);
                http.put("redirect", redirect);
            }
            sites(PLAIN, drafts, http);
        } else if (isSecure()) {
            at.remark("Port 80 is bound as well, for the challenges of CAs and to redirect to HTTPS.");
        }
        if (isSecure()) {
            Mapping https = at.section(SECURE);
            bind(secure, https, tally);
            protocols(secure, https);
            sites(SECURE, drafts, https);
        }
        further.forEach((name, binds) -> {
            if (drafts.stream().noneMatch(draft -> draft.listeners.contains(name))) {
                // It would have the sites of all others.
                return;
            }
            Mapping one = at.section(name);
            boolean isTls = binds.get(0).isTls() || unopened.contains(name);
            one.put("kind", isTls ? SECURE : PLAIN);
            bind(binds, one, tally);
            if (isTls) {
                protocols(binds, one);
                minVersion(binds, one, tally);
            } else {
                one.put("redirect", "off");
            }
            sites(name, drafts, one);
        });
        if (!aside.isEmpty()) {
            Mapping one = at.section(aside);
            one.put("kind", SECURE);
            one.put("bind", List.of(ANY_PORT));
            sites(aside, drafts, one);
        }
    }

    /** The sites that are on a listener, where it is not just all that are on no other. */
    private static void sites(String listener, List<SiteDraft> drafts, Mapping at) {
        List<String> sites = new ArrayList<>();
        if (drafts.stream().anyMatch(draft -> draft.listeners.isEmpty())
                && (listener.equals(PLAIN) || listener.equals(SECURE))) {
            sites.add(OTHERS);
        }
        drafts.stream()
                .filter(draft -> draft.listeners.contains(listener))
                .forEach(draft -> sites.add(draft.names.get(0)));
        if (!sites.isEmpty() && !sites.equals(List.of(OTHERS))) {
            at.put("sites", sites);
        }
    }

    private static void protocols(List<Binds.Bind> binds, Mapping at) {
        List<String> protocols = binds.stream()
                .flatMap(bind -> bind.alpn().stream())
                .filter(protocol -> protocol.equals("h2") || protocol.equals("http/1.1"))
                .distinct()
                .toList();
        if (!protocols.isEmpty()) {
            at.put("protocols", protocols);
        }
    }

    private static void minVersion(List<Binds.Bind> binds, Mapping at, Tally tally) {
        List<String> versions =
                binds.stream().map(Binds.Bind::minVersion).distinct().toList();
        if (versions.equals(List.of("TLSv1.2")) || versions.equals(List.of("TLSv1.3"))) {
            at.section("tls").put("min-version", versions.get(0));
        } else {
            binds.stream()
                    .filter(bind -> !bind.minVersion().isEmpty())
                    .forEach(bind -> tally.note(
                            at, bind.statement(), "the oldest version is one for all, from TLSv1.2 on", "tls"));
        }
    }

    private static void bind(List<Binds.Bind> binds, Mapping at, Tally tally) {
        List<String> addresses = new ArrayList<>();
        binds.forEach(bind -> addresses.addAll(bind.addresses()));
        at.put("bind", addresses);
        sockets(binds, at, tally);
        if (binds.stream().allMatch(Binds.Bind::acceptsProxy)) {
            Binds.Bind.believe(binds, at);
        } else {
            binds.stream()
                    .filter(Binds.Bind::acceptsProxy)
                    .forEach(bind -> tally.note(
                            at,
                            bind.statement(),
                            "accept-proxy holds for all addresses of a listener, or none",
                            "proxy-protocol: [ADDRESSES]"));
        }
    }

    /** What is said of all sockets of a listener, or service. */
    static void sockets(List<Binds.Bind> binds, Mapping at, Tally tally) {
        String first = binds.get(0).device();
        boolean isOne = binds.stream().allMatch(bind -> bind.device().equals(first));
        if (isOne && !first.isEmpty()) {
            at.put("interface", first);
        }
        if (binds.stream().allMatch(Binds.Bind::isTransparent)) {
            at.put("transparent", "true");
        }
        for (Binds.Bind bind : binds) {
            boolean isTransparent = bind.isTransparent() && !binds.stream().allMatch(Binds.Bind::isTransparent);
            if ((!isOne && !bind.device().isEmpty()) || isTransparent) {
                tally.note(
                        at,
                        bind.statement(),
                        "interface and transparent hold for all addresses of a listener, or none",
                        "a listener of its own");
            }
        }
    }
}
