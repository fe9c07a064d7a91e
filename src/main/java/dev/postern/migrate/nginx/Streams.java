package dev.postern.migrate.nginx;

import dev.postern.config.Durations;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Site;
import dev.postern.migrate.Certificates;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Names;
import dev.postern.migrate.Routing;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import dev.postern.migrate.WebListeners;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code stream}: services, or sites whose connections are passed on by the name in their handshake. */
final class Streams {
    // "Module ngx_stream_proxy_module", proxy_timeout.
    private static final String TIMEOUT = "10m";

    private final Scope stream;
    private final Upstreams upstreams;
    private final WebListeners listeners;
    private final Path folder;
    private final Access access;
    private final Instant now;
    private final Tally tally;
    private final List<SiteDraft> sites;
    private final Names names = new Names("._-");

    /** @param sites all that there are so far; those of services and of passed connections are added */
    Streams(
            Scope stream,
            Upstreams upstreams,
            WebListeners listeners,
            ConfigurationTree.Tree tree,
            Instant now,
            Tally tally,
            List<SiteDraft> sites) {
        this.stream = stream;
        this.upstreams = upstreams;
        this.listeners = listeners;
        this.folder = tree.folder();
        this.access = new Access(tree, tally);
        this.now = now;
        this.tally = tally;
        this.sites = sites;
    }

    /** @param at of the service, where its notes belong as well */
    void write(Directive server, Mapping at) {
        Scope scope = stream.in(server);
        List<Listen> listens = new ArrayList<>();
        for (Directive line : server.own("listen").toList()) {
            Optional<Listen> listen = line.words().contains("udp") ? Optional.empty() : Listen.of(line, false);
            listen.ifPresentOrElse(
                    listens::add, () -> tally.note(at, line, "services are of TCP, at addresses and ports", ""));
        }
        Optional<Directive> pass = server.own("proxy_pass").findFirst();
        if (pass.isEmpty() || listens.isEmpty()) {
            return;
        }
        String target = new Variables(scope).plain(pass.get().word(1));
        List<String> addresses = listens.stream().map(Listen::text).distinct().toList();
        if (target.startsWith("$")) {
            passthrough(scope, pass.get(), target, listens, addresses, at);
            return;
        }
        Optional<String> backend = upstreams.backend(target, 0, settings(scope, at));
        if (backend.isEmpty()) {
            tally.note(at, pass.get(), "no server of it could be carried over: nothing listens there", "a tcp service");
            return;
        }
        boolean isTls = listens.stream().anyMatch(Listen::isTls);
        Optional<String> site = isTls ? certified(scope, at) : Optional.empty();
        if (isTls && site.isEmpty()) {
            tally.note(
                    at,
                    pass.get(),
                    "its certificate is that of a site without one: nothing listens there",
                    "tls: NAME of a service");
            return;
        }
        tally.carried(server);
        tally.carried(pass.get());
        listens.forEach(listen -> tally.carried(listen.line()));
        listeners.others(addresses);
        at.put("name", names.of(target.startsWith("unix:") ? target.substring(target.lastIndexOf('/') + 1) : target));
        at.put("bind", addresses);
        at.put("backend", backend.get());
        site.ifPresent(name -> at.put("tls", name));
        scope.one("ssl_alpn").ifPresent(line -> {
            if (isTls) {
                tally.carried(line);
                at.put("alpn", line.arguments());
            }
        });
        Edits edits = access.of(scope, at).and(access.missing(scope.block(), at));
        if (isTls) {
            Clients.Asked who = new Clients(folder, tally).of(scope, at);
            edits = edits.and(who.routes());
            if (!who.site().equals(Edits.NONE)) {
                edits = edits.and(asking(site.orElse(""), who.site(), scope, at));
            }
        }
        edits.write(at);
        if (listens.stream().allMatch(Listen::acceptsProxy)) {
            WebListeners.proxied(PeerAddress.balancers(List.of(scope)), at);
        }
        Map<String, String> timeouts = timeouts(scope);
        at.put("timeouts", timeouts);
    }

    /** A service asks clients as the site does whose certificate it has. */
    private Edits asking(String name, Edits said, Scope scope, Mapping at) {
        SiteDraft site = sites.stream()
                .filter(draft -> draft.names.contains(name))
                .findFirst()
                .orElseThrow();
        if (site.edits.more().containsKey("client-certificates")
                ? site.edits
                        .more()
                        .get("client-certificates")
                        .equals(said.more().get("client-certificates"))
                : site.routing.routes().isEmpty()) {
            site.edits = site.edits.and(said);
            return Edits.NONE;
        }
        scope.one("ssl_verify_client")
                .ifPresent(line -> tally.closed(
                        at,
                        line,
                        "clients are asked as the site asks them whose certificate it is",
                        "tls: NAME of a site that asks for the same"));
        return Edits.NOBODY;
    }

    private Map<String, String> timeouts(Scope scope) {
        Map<String, String> timeouts = new LinkedHashMap<>();
        scope.one("proxy_connect_timeout")
                .flatMap(line -> Units.time(line.word(1)).map(time -> {
                    tally.carried(line);
                    return time;
                }))
                .ifPresent(time -> timeouts.put("connect", time));
        Optional<Directive> line = scope.one("proxy_timeout");
        line.ifPresent(tally::carried);
        timeouts.put(
                "tunnel",
                line.flatMap(one -> Units.duration(one.word(1)))
                        .map(time -> time.isZero() ? "unlimited" : Durations.text(time))
                        .orElse(TIMEOUT));
        return timeouts;
    }

    private Map<String, Value> settings(Scope scope, Mapping at) {
        Map<String, Value> said = new LinkedHashMap<>();
        if (scope.isOn("proxy_protocol")) {
            said.put("proxy-protocol", Value.of("v2"));
            scope.one("proxy_protocol").ifPresent(line -> {
                tally.carried(line);
                tally.note(at, line, "version 2 of the PROXY protocol is sent, not 1", "");
            });
        }
        if (scope.isOn("proxy_ssl")) {
            scope.one("proxy_ssl").ifPresent(tally::carried);
            boolean isVerified = scope.isOn("proxy_ssl_verify");
            scope.one("proxy_ssl_verify").ifPresent(tally::carried);
            said.put("tls", Value.mapping(Map.of("verify", isVerified ? "on" : "off")));
            if (!isVerified) {
                scope.one("proxy_ssl")
                        .ifPresent(line -> tally.note(
                                at, line, "as before, any server is believed there", "tls: {} in its backend"));
            }
        }
        return said;
    }

    /** A map of {@code $ssl_preread_server_name}. */
    private void passthrough(
            Scope scope, Directive pass, String variable, List<Listen> listens, List<String> addresses, Mapping at) {
        Optional<Directive> map = stream.block()
                .own("map")
                .filter(one -> one.word(1).equals("$ssl_preread_server_name")
                        && one.word(2).equals(variable))
                .findFirst();
        if (!scope.isOn("ssl_preread") || map.isEmpty()) {
            tally.note(
                    at,
                    pass,
                    "servers are not named by variables: nothing listens there",
                    "a tcp service, or sites with passthrough");
            return;
        }
        tally.carried(scope.block());
        tally.carried(pass);
        tally.carried(map.get());
        scope.one("ssl_preread").ifPresent(tally::carried);
        listens.forEach(listen -> tally.carried(listen.line()));
        List<String> proxies =
                listens.stream().allMatch(Listen::acceptsProxy) ? PeerAddress.balancers(List.of(scope)) : List.of();
        Optional<WebListeners.Further> further = Optional.empty();
        if (listeners.isSecure()) {
            further = listeners.further(true, addresses, proxies);
            if (further.isEmpty()) {
                tally.note(at, pass, "another listener has that address among its own: nothing is passed on", "");
                return;
            }
        } else {
            listeners.secure(addresses, proxies);
        }
        Map<String, Value> settings = settings(scope, at);
        Map<String, String> timeouts = timeouts(scope);
        for (Directive line : map.get().own()) {
            boolean isAny = line.is("default");
            if (line.is("hostnames") || line.is("volatile")) {
                tally.carried(line);
                continue;
            }
            String name = line.name().startsWith(".") ? "*" + line.name() : line.name();
            Optional<String> backend = upstreams.backend(line.word(1), 0, settings);
            if (backend.isEmpty() || (!isAny && !isName(name))) {
                tally.note(
                        at,
                        line,
                        "it names no server that could be carried over, or no site",
                        "a site with passthrough");
                continue;
            }
            boolean isAlone = further.isPresent();
            boolean isTaken = sites.stream()
                    .anyMatch(site ->
                            site.names.contains(isAny ? Site.ANY : name) || (isAny && site.isDefault && !isAlone));
            if (isTaken) {
                tally.note(at, line, "a site of that name is opened here", "");
                continue;
            }
            tally.carried(line);
            SiteDraft draft = new SiteDraft(List.of(isAny ? Site.ANY : name), new Routing(), Edits.NONE, false, null);
            draft.passthrough = new SiteDraft.Passthrough(backend.get(), timeouts);
            sites.add(draft);
            further.ifPresent(listener -> listener.serves(draft.names.get(0)));
        }
    }

    private static boolean isName(String name) {
        try {
            return !HostName.SITE.parse(name).isEmpty();
        } catch (NotUnderstood e) {
            return false;
        }
    }

    /** The name of a site that has the certificate of a service: one that there is, or one more. */
    private Optional<String> certified(Scope scope, Mapping at) {
        Optional<Directive> chain = scope.one("ssl_certificate");
        Optional<Directive> key = scope.one("ssl_certificate_key");
        Certificates certificates = new Certificates(List.of(), now);
        if (chain.isPresent() && key.isPresent()) {
            certificates.take(
                    folder.resolve(chain.get().word(1)),
                    folder.resolve(key.get().word(1)));
        }
        Optional<Certificates.Found> found = certificates.found().stream().findFirst();
        if (found.isPresent()) {
            chain.ifPresent(tally::carried);
        } else {
            chain.ifPresent(line -> tally.note(
                    at,
                    line,
                    "not taken over: "
                            + certificates.problems().stream().findFirst().orElse("it has no key"),
                    "an issuer gives one, for the site that tls names; put your name in the place of it"));
        }
        key.ifPresent(tally::carried);
        String name = found.flatMap(one -> one.names().stream().findFirst()).orElse("localhost");
        Optional<SiteDraft> there =
                sites.stream().filter(draft -> draft.names.contains(name)).findFirst();
        if (there.isPresent()) {
            return there.filter(draft -> !draft.isPlain && draft.passthrough == null)
                    .map(draft -> name);
        }
        sites.add(new SiteDraft(List.of(name), new Routing(), Edits.NONE, false, found.orElse(null)));
        return Optional.of(name);
    }
}
