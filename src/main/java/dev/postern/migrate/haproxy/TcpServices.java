package dev.postern.migrate.haproxy;

import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Names;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Sections in TCP mode: services, or sites whose connections are passed on by the name in their handshake. */
final class TcpServices {
    private final Map<String, Section> sections;
    private final Backends backends;
    private final Binds binds;
    private final Timeouts timeouts;
    private final Tally tally;
    private final Names names = new Names("._-");

    /** @param sections with servers, as HAProxy calls them */
    TcpServices(Map<String, Section> sections, Backends backends, Binds binds, Timeouts timeouts, Tally tally) {
        this.sections = sections;
        this.backends = backends;
        this.binds = binds;
        this.timeouts = timeouts;
        this.tally = tally;
    }

    /**
     * @param listened where clients come to
     * @param byName name → the section whose servers have its certificate
     */
    record Passthrough(List<Binds.Bind> listened, Map<String, Section> byName) {}

    /** Empty where it does not go by names. */
    Optional<Passthrough> passthrough(Section section, Mapping at) {
        if (section.all("use_backend").stream()
                        .noneMatch(line -> String.join(" ", line.words()).contains("ssl_sni"))
                && section.all("acl").stream().noneMatch(line -> line.word(2).contains("ssl_sni"))) {
            return Optional.empty();
        }
        Acls acls = new Acls(section, tally, at);
        List<Rules.Rule> rules = Rules.of(section, acls, sections.keySet());
        Map<String, Section> byName = new LinkedHashMap<>();
        Set<String> hosts = new LinkedHashSet<>();
        rules.forEach(rule -> rule.condition()
                .anyOf()
                .forEach(terms -> terms.forEach(term -> term.anyOf().forEach(question -> {
                    if (question instanceof Question.Host host) {
                        hosts.addAll(host.names());
                    }
                }))));
        for (String host : hosts) {
            first(rules, new View(host, true), at).ifPresent(to -> byName.put(host, to));
        }
        section.setting("default_backend").ifPresent(line -> {
            Section all = sections.get(line.word(1));
            if (all != null && backends.forConnections(all.name()).isPresent()) {
                tally.carried(line);
                byName.put("*", all);
            }
        });
        List<Binds.Bind> listened = binds.of(section, false, at);
        tally.carried(section.head());
        for (Statement line : section.all("tcp-request")) {
            boolean isWaiting = line.word(1).equals("inspect-delay")
                    || (line.begins("tcp-request", "content", "accept")
                            && String.join(" ", line.words()).contains("ssl_hello_type"));
            if (isWaiting) {
                // A ClientHello is waited for by itself.
                tally.carried(line);
            }
        }
        return Optional.of(new Passthrough(listened, byName));
    }

    private Optional<Section> first(List<Rules.Rule> rules, View view, Mapping at) {
        for (Rules.Rule rule : rules) {
            View.Ways ways = view.of(rule.condition());
            if (!ways.missing().isEmpty()) {
                tally.note(at, rule.statement(), ways.missing(), "a site with passthrough");
            }
            boolean holds = ways.ways().stream().anyMatch(way -> way.match().isAll() && way.isFromAnywhere());
            if (holds && rule.action() instanceof Action.To to) {
                Section section = sections.get(to.backend());
                if (section != null && backends.forConnections(to.backend()).isPresent()) {
                    tally.carried(rule.statement());
                    return Optional.of(section);
                }
                tally.note(at, rule.statement(), "no server of " + to.backend() + " could be carried over", "");
            }
        }
        return Optional.empty();
    }

    /**
     * @param certified files of {@code crt} → a name of the site that has them; empty where it cannot be
     * @param at where its notes belong
     */
    void service(Section section, Mapping at, Function<List<String>, Optional<String>> certified) {
        String target =
                section.setting("default_backend").map(line -> line.word(1)).orElse(section.name());
        Section servers = sections.get(target);
        Optional<String> backend = backends.forConnections(target);
        if (servers == null || backend.isEmpty()) {
            return;
        }
        List<Binds.Bind> listened = binds.of(section, true, at);
        if (listened.isEmpty()) {
            return;
        }
        List<String> files = new ArrayList<>();
        listened.forEach(bind -> files.addAll(bind.certificates()));
        boolean isTls = listened.stream().anyMatch(Binds.Bind::isTls);
        Optional<String> site = isTls ? certified.apply(files) : Optional.empty();
        if (isTls && site.isEmpty()) {
            tally.guard(
                    at,
                    section.head(),
                    "nothing listens there: the name of its certificate is that of a site that has none here",
                    "a certificate of that site, then tls: NAME of a service");
            return;
        }
        tally.carried(section.head());
        section.setting("default_backend").ifPresent(tally::carried);
        at.put("name", names.of(section.name()));
        List<String> addresses = new ArrayList<>();
        listened.forEach(bind -> addresses.addAll(bind.addresses()));
        at.put("bind", addresses);
        at.put("backend", backend.get());
        backends.serverPort(target).ifPresent(port -> at.put("server-port", port));
        site.ifPresent(name -> tls(listened, at, name));
        if (listened.stream().allMatch(Binds.Bind::acceptsProxy)) {
            at.remark("Everybody may say who they are: the addresses of your balancers alone are safe.");
            at.put("proxy-protocol", List.of("0.0.0.0/0", "::/0"));
        } else {
            listened.stream()
                    .filter(Binds.Bind::acceptsProxy)
                    .forEach(bind ->
                            tally.note(at, bind.statement(), "accept-proxy holds for all addresses or none", ""));
        }
        access(section, at);
        section.ownSetting("maxconn")
                .filter(line -> Numbers.isBetween(line.word(1), 1, 10_000_000))
                .ifPresent(line -> {
                    at.put("max-connections", line.word(1));
                    tally.carried(line);
                });
        timeouts.ofService(section, servers, at);
        for (Statement line : section.all("tcp-request")) {
            if (line.word(1).equals("inspect-delay")
                    || line.words().contains("RDP_COOKIE")
                    || line.words().contains("WAIT_END")) {
                // What has to be known of a connection is waited for by itself.
                tally.carried(line);
            }
        }
    }

    private void tls(List<Binds.Bind> listened, Mapping at, String site) {
        at.put("tls", site);
        List<String> alpn = listened.stream()
                .flatMap(bind -> bind.alpn().stream())
                .filter(one -> !one.isEmpty())
                .distinct()
                .toList();
        if (!alpn.isEmpty()) {
            at.put("alpn", alpn);
        }
        listened.stream()
                .filter(bind -> !bind.isTls())
                .forEach(bind -> tally.note(
                        at, bind.statement(), "TLS holds for all addresses of a service", "another service"));
    }

    /** {@code tcp-request connection|content accept|reject} by address: what comes first decides. */
    private void access(Section section, Mapping at) {
        Acls acls = new Acls(section, tally, at);
        View view = new View(null, false);
        Edits edits = Edits.NONE;
        for (Statement line : section.all("tcp-request")) {
            if (!line.word(2).equals("reject")) {
                continue;
            }
            View.Ways ways = view.of(acls.of(line.words()));
            View.Way way = ways.ways().size() == 1 && ways.missing().isEmpty()
                    ? ways.ways().get(0)
                    : View.Way.ANY;
            if (way.isFromAnywhere() || (!way.from().isEmpty() && !way.notFrom().isEmpty())) {
                continue;
            }
            if (way.from().isEmpty()) {
                if (!edits.allow().isEmpty()) {
                    continue;
                }
                edits = edits.and(Edits.allowing(way.notFrom()));
            } else {
                edits = edits.and(Edits.denying(way.from()));
            }
            tally.carried(line);
        }
        edits.write(at);
    }
}
