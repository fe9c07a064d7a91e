package dev.postern.migrate.nginx;

import dev.postern.config.Site;
import dev.postern.migrate.Certificates;
import dev.postern.migrate.CommonEdits;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Routing;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import dev.postern.migrate.WebListeners;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The server blocks of {@code http}. Those that are at the same addresses, port 80 and 443 where somebody is there, share one listener for
 * HTTP and one for HTTPS; what is elsewhere has a listener of its own, and is not to be seen at those.
 */
final class Servers {
    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    private final List<Server> servers;
    private final WebListeners listeners;
    private final Path folder;
    private final Instant now;
    private final Tally tally;
    private final Passing passing;
    private final Settings settings;
    private final Access access;
    private final Clients clients;
    private final Map<SiteDraft, Server> drafts = new LinkedHashMap<>();
    private final Set<String> taken = new HashSet<>();

    Servers(
            List<Server> servers,
            WebListeners listeners,
            ConfigurationTree.Tree tree,
            Instant now,
            Tally tally,
            Passing passing,
            Settings settings) {
        this.servers = servers;
        this.listeners = listeners;
        this.folder = tree.folder();
        this.now = now;
        this.tally = tally;
        this.passing = passing;
        this.settings = settings;
        this.access = new Access(tree, tally);
        this.clients = new Clients(tree.folder(), tally);
    }

    /** Each with the block that it is of. */
    Map<SiteDraft, Server> drafts() {
        Addressing addressing = new Addressing(servers, listeners, tally);
        List<Server> secure = addressing.group(true, HTTPS);
        List<Server> plain = addressing.group(false, HTTP);
        Optional<Server> secureDefault = byDefault(secure, true);
        Optional<Server> plainDefault = byDefault(plain, false);
        Map<Server, Integer> redirects = new LinkedHashMap<>();
        for (Server server : plain) {
            redirects.put(server, new Locations(server, null, false, passing, settings, access, tally).redirectsAll());
        }
        List<Server> both = secure.stream()
                .filter(plain::contains)
                .filter(server -> redirects.getOrDefault(server, 0) == 0)
                .toList();
        boolean isOff = !both.isEmpty() && both.size() == secure.size();
        for (Server server : secure) {
            secure(server, secureDefault.filter(server::equals).isPresent());
            if (both.contains(server) && !isOff) {
                server.listens(false)
                        .forEach(listen -> tally.note(
                                server.at(),
                                listen.line(),
                                "over plain HTTP clients of this site are redirected",
                                "redirect: off of http, for all sites"));
            }
        }
        if (isOff) {
            listeners.redirect("off");
        }
        for (Server server : plain) {
            int status = redirects.getOrDefault(server, 0);
            if (!secure.isEmpty() && status > 0) {
                listeners.redirect(Integer.toString(status == 303 ? 302 : status));
            }
            if (!secure.contains(server)) {
                plain(server, status, plainDefault.filter(server::equals).isPresent(), secureDefault.isPresent());
            }
        }
        addressing.elsewhere().forEach(one -> further(one, secure, plain));
        return drafts;
    }

    /** Sites that are at a listener of their own. */
    private void further(Addressing.Elsewhere one, List<Server> secure, List<Server> plain) {
        Optional<Server> byDefault = byDefault(one.servers(), one.isTls());
        for (Server server : one.servers()) {
            boolean isThere = secure.contains(server)
                    || plain.contains(server)
                    || !sites(server).isEmpty();
            if (!isThere) {
                boolean isDefault = byDefault.filter(server::equals).isPresent();
                if (one.isTls()) {
                    secure(server, isDefault);
                } else {
                    plainAlone(server, isDefault);
                }
            }
            for (SiteDraft draft : sites(server)) {
                String name = draft.names.get(0);
                one.listener().serves(name);
                if (secure.contains(server)) {
                    listeners.also(true, name);
                }
                if (plain.contains(server)) {
                    listeners.also(false, name);
                }
            }
        }
    }

    private List<SiteDraft> sites(Server server) {
        return drafts.entrySet().stream()
                .filter(entry -> entry.getValue().equals(server))
                .map(Map.Entry::getKey)
                .toList();
    }

    private void plainAlone(Server server, boolean isDefault) {
        List<String> names = free(server);
        if (names.isEmpty() && isDefault) {
            String name = "port-" + server.listens(false).get(0).port() + ".internal";
            if (taken.add(name)) {
                names = List.of(name);
                server.at().remark("It takes all hosts there, whatever it is called.");
            }
        }
        if (names.isEmpty()) {
            tally.note(server.at(), server.scope().block(), "no name leads to it", "");
            return;
        }
        draft(server, names, false, null).isDefault = isDefault;
    }

    private static Optional<Server> byDefault(List<Server> group, boolean isTls) {
        return group.stream()
                .filter(server -> server.listens(isTls).stream().anyMatch(Listen::isDefault))
                .findFirst()
                .or(() -> group.stream().findFirst());
    }

    private void secure(Server server, boolean isDefault) {
        Scope scope = server.scope();
        Certificates.Found certificate = certificate(server).orElse(null);
        if (scope.isOn("ssl_reject_handshake")) {
            // As Postern does with names of nobody.
            scope.block().all().forEach(tally::carried);
            return;
        }
        List<String> names = free(server);
        List<String> remarks = new ArrayList<>();
        if (names.isEmpty() && server.names().isEmpty()) {
            names = certificate == null || server.isOfPatterns()
                    ? List.of()
                    : certificate.names().stream()
                            .filter(name -> servers.stream()
                                    .noneMatch(other -> other.names().contains(name)))
                            .filter(taken::add)
                            .toList();
            String any = "port-" + server.listens(true).get(0).port() + ".internal";
            if (names.isEmpty() && isDefault && (taken.add("localhost") || taken.add(any))) {
                names = List.of(sites(server).isEmpty() && !taken.contains(any) ? "localhost" : any);
                remarks.add("No server_name says for which names this is: put yours in the place of this one.");
            }
        }
        if (names.isEmpty()) {
            tally.note(server.at(), scope.block(), "no name leads to it", "");
            return;
        }
        SiteDraft draft = draft(server, names, true, certificate);
        draft.isDefault = isDefault;
        draft.remarks.addAll(remarks);
    }

    private List<String> free(Server server) {
        List<String> names = new ArrayList<>();
        for (String name : server.names()) {
            if (taken.add(name)) {
                names.add(name);
            } else {
                server.at().remark("Another server above has " + name + " already.");
            }
        }
        return names;
    }

    private Optional<Certificates.Found> certificate(Server server) {
        Scope scope = server.scope();
        Optional<Directive> chain = scope.one("ssl_certificate");
        Optional<Directive> key = scope.one("ssl_certificate_key");
        Certificates certificates = new Certificates(List.of(), now);
        if (chain.isPresent() && key.isPresent() && chain.get().word(1).indexOf('$') < 0) {
            certificates.take(
                    folder.resolve(chain.get().word(1)),
                    folder.resolve(key.get().word(1)));
        }
        scope.all("ssl_certificate").stream()
                .skip(1)
                .forEach(more -> tally.note(
                        server.at(),
                        more,
                        "one certificate is carried over",
                        "certificate of the site: a list of two, one with a key of RSA"));
        if (certificates.found().isEmpty()) {
            chain.ifPresent(line -> tally.note(
                    server.at(),
                    line,
                    "not taken over: "
                            + certificates.problems().stream()
                                    .findFirst()
                                    .orElse("it has no key, or a variable in its name"),
                    "an issuer gives one; certificate: { chain: FILE, key: FILE } is for your own"));
            key.ifPresent(line -> chain.ifPresentOrElse(
                    of -> tally.within(server.at(), of, line),
                    () -> tally.note(server.at(), line, "it has no certificate", "")));
        } else {
            chain.ifPresent(tally::carried);
            key.ifPresent(tally::carried);
        }
        return certificates.found().stream().findFirst();
    }

    private void plain(Server server, int redirect, boolean isDefault, boolean hasSecureDefault) {
        List<String> names = new ArrayList<>();
        List<String> elsewhere = new ArrayList<>();
        for (String name : server.names()) {
            (taken.add(name) ? names : elsewhere).add(name);
        }
        boolean isRedirect = redirect > 0 && listeners.isSecure();
        if (!elsewhere.isEmpty() && !isRedirect) {
            server.at()
                    .remark(
                            "What is done on line " + server.scope().block().line()
                                    + " and below over plain HTTP with hosts that have a site with TLS is not done: they are redirected.");
        }
        boolean isAny = isDefault && !hasSecureDefault;
        if (names.isEmpty() && isRedirect && (!elsewhere.isEmpty() || hasSecureDefault)) {
            new Locations(server, null, false, passing, settings, access, tally).carriedByRedirect();
            return;
        }
        if (names.isEmpty() && isAny) {
            names.add(Site.ANY);
        } else if (isDefault && hasSecureDefault && !isRedirect) {
            server.at()
                    .remark(
                            "Hosts that no site names are those of the default site, which has TLS: they are redirected.");
        }
        if (names.isEmpty()) {
            tally.note(
                    server.at(),
                    server.scope().block(),
                    elsewhere.isEmpty() ? "no name leads to it" : "its names have a site with TLS",
                    "");
            return;
        }
        SiteDraft draft = draft(server, names, false, null);
        draft.isDefault = isAny;
    }

    /** One for each host that a condition tells from the others as well; the last one is that of all others. */
    private SiteDraft draft(
            Server server, List<String> names, boolean isTls, Certificates.@Nullable Found certificate) {
        tally.carried(server.scope().block());
        List<String> others = new ArrayList<>(names);
        for (String host : Rewriting.hosts(server.scope().block())) {
            if (others.size() > 1 && others.remove(host)) {
                draft(server, List.of(host), host, isTls, certificate);
            }
        }
        return draft(server, others, others.size() == 1 ? others.get(0) : null, isTls, certificate);
    }

    private SiteDraft draft(
            Server server,
            List<String> names,
            @Nullable String host,
            boolean isTls,
            Certificates.@Nullable Found certificate) {
        Edits missing = access.missing(server.scope().block(), server.at());
        Clients.Asked who = isTls ? clients.of(server.scope(), server.at()) : Clients.Asked.NOTHING;
        Routing routing = new Locations(server, host, isTls, passing, settings, access, tally)
                .routing()
                .with(edits -> edits.and(who.routes()).and(missing));
        Edits common = CommonEdits.of(routing);
        SiteDraft draft = new SiteDraft(
                names,
                routing.with(edits -> CommonEdits.without(edits, common)),
                common.and(who.site()),
                !isTls,
                certificate);
        drafts.put(draft, server);
        return draft;
    }
}
