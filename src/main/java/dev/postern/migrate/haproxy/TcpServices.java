package dev.postern.migrate.haproxy;

import dev.postern.config.Site;
import dev.postern.migrate.Action;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Names;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Ranges;
import dev.postern.migrate.SiteDraft;
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
     * @param to whose servers have the certificate
     * @param edits who is let in
     * @param statement what says so
     */
    record Passed(SiteDraft.Passthrough to, Edits edits, Statement statement) {}

    /**
     * @param listened where clients come to
     * @param byName name → where its connections go
     * @param admission to be told once all of them have a place
     */
    record Passthrough(List<Binds.Bind> listened, Map<String, Passed> byName, Admission admission) {}

    /** Empty where it does not go by names. */
    Optional<Passthrough> passthrough(Section section, Mapping at) {
        if (section.all("use_backend").stream()
                        .noneMatch(line -> String.join(" ", line.words()).contains("ssl_sni"))
                && section.all("acl").stream().noneMatch(line -> line.word(2).contains("ssl_sni"))) {
            return Optional.empty();
        }
        Acls acls = new Acls(section, tally, at);
        List<Rules.Rule> rules = Rules.of(section, acls, sections.keySet());
        Rules.tellMadeNames(rules, tally, at);
        Admission admission = new Admission(rules, tally);
        Set<String> hosts = new LinkedHashSet<>();
        rules.forEach(rule -> rule.condition()
                .anyOf()
                .forEach(terms -> terms.forEach(term -> term.anyOf().forEach(question -> {
                    if (question instanceof Question.Host host) {
                        hosts.addAll(host.names());
                    }
                }))));
        hosts.add(Site.ANY);
        Map<String, Passed> byName = new LinkedHashMap<>();
        for (String host : hosts) {
            View view = new View(host.equals(Site.ANY) ? null : host, true);
            Optional<Edits> admitted = admission.of(view);
            if (admitted.isEmpty()) {
                at.remark("Nobody is let in, and no site made, for "
                        + (host.equals(Site.ANY) ? "all other names: " : host + ": ")
                        + section.name() + " rejects them.");
                continue;
            }
            first(rules, view, at)
                    .or(() -> otherwise(section, at))
                    .ifPresent(to -> byName.put(host, new Passed(to.to(), admitted.get(), to.statement())));
        }
        rules.stream()
                .filter(rule -> rule.action() instanceof Action.To && tally.isOpen(rule.statement()))
                .forEach(
                        rule -> tally.note(at, rule.statement(), "it never holds, or an earlier rule always does", ""));
        acls.tell(tally, at);
        tally.carried(section.head());
        return Optional.of(new Passthrough(binds.of(section, false, at), byName, admission));
    }

    private Optional<Passed> first(List<Rules.Rule> rules, View view, Mapping at) {
        for (Rules.Rule rule : rules) {
            if (!(rule.action() instanceof Action.To to)) {
                continue;
            }
            View.Ways ways = view.of(rule.condition());
            if (!ways.inexact().isEmpty()) {
                tally.note(at, rule.statement(), "not in all cases: " + ways.inexact(), "a site with passthrough");
            }
            if (ways.ways().stream().anyMatch(way -> way.isAll() && way.isFromAnywhere())) {
                return passed(to.backend(), rule.statement(), at);
            }
            if (!ways.ways().isEmpty()) {
                tally.note(at, rule.statement(), "a name has one backend, whoever asks for it", "");
            }
        }
        return Optional.empty();
    }

    /** Those that no rule is about; its own servers, where it has some. */
    private Optional<Passed> otherwise(Section section, Mapping at) {
        Optional<Statement> line = section.setting("default_backend");
        if (line.isPresent()) {
            return passed(line.get().word(1), line.get(), at);
        }
        return backends.forConnections(section.name()).map(name -> passed(section, name, section.head()));
    }

    private Optional<Passed> passed(String backend, Statement statement, Mapping at) {
        Section section = sections.get(backend);
        Optional<String> name = backends.forConnections(backend);
        if (section == null || name.isEmpty()) {
            tally.note(at, statement, "no server of " + backend + " in TCP mode could be carried over", "");
            return Optional.empty();
        }
        tally.carried(statement);
        return Optional.of(passed(section, name.get(), statement));
    }

    private Passed passed(Section section, String name, Statement statement) {
        return new Passed(new SiteDraft.Passthrough(name, timeouts.ofPassthrough(section)), Edits.NONE, statement);
    }

    /**
     * @param certified files of {@code crt} → a name of the site that has them; empty where it cannot be
     * @param at where its notes belong
     */
    void service(Section section, Mapping at, Function<List<String>, Optional<String>> certified) {
        Acls acls = new Acls(section, tally, at);
        List<Rules.Rule> rules = Rules.of(section, acls, sections.keySet());
        String target = target(section, rules);
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
        section.setting("default_backend")
                .filter(line -> line.word(1).equals(target))
                .ifPresent(tally::carried);
        at.put("name", names.of(section.name()));
        List<String> addresses = new ArrayList<>();
        listened.forEach(bind -> addresses.addAll(bind.addresses()));
        at.put("bind", addresses);
        Listening.sockets(listened, at, tally);
        at.put("backend", backend.get());
        backends.serverPort(target).ifPresent(port -> at.put("server-port", port));
        site.ifPresent(name -> tls(listened, at, name));
        if (listened.stream().allMatch(Binds.Bind::acceptsProxy)) {
            Binds.Bind.believe(listened, at);
        } else {
            listened.stream()
                    .filter(Binds.Bind::acceptsProxy)
                    .forEach(bind ->
                            tally.note(at, bind.statement(), "accept-proxy holds for all addresses or none", ""));
        }
        Admission admission = new Admission(rules, tally);
        View view = new View(null, isTls);
        admission.of(view).orElse(Edits.denying(Ranges.EVERYBODY)).write(at);
        tellOfNames(rules, view, at);
        admission.tell(at);
        rules.stream()
                .filter(rule -> rule.action() instanceof Action.To && tally.isOpen(rule.statement()))
                .forEach(rule -> tally.note(
                        at,
                        rule.statement(),
                        "all connections of a service go to one backend",
                        "another service, or a site with passthrough"));
        acls.tell(tally, at);
        section.ownSetting("maxconn")
                .filter(line -> Numbers.isBetween(line.word(1), 1, 10_000_000))
                .ifPresent(line -> {
                    at.put("max-connections", line.word(1));
                    tally.carried(line);
                });
        timeouts.ofService(section, servers, at);
    }

    /** A service takes all handshakes alike: who is kept out unless they name one host is kept out always. */
    private void tellOfNames(List<Rules.Rule> rules, View view, Mapping at) {
        for (Rules.Rule rule : rules) {
            if (!(rule.action() instanceof Action.Deny) || !rule.condition().asksForHost()) {
                continue;
            }
            String why = "no service asks for the name in a handshake";
            if (view.of(rule.condition()).ways().isEmpty()) {
                tally.guard(at, rule.statement(), why, "a site with passthrough");
            } else {
                tally.closed(at, rule.statement(), why, "without deny they get in, whatever name they ask for");
            }
        }
    }

    private String target(Section section, List<Rules.Rule> rules) {
        for (Rules.Rule rule : rules) {
            if (rule.action() instanceof Action.To to && rule.condition().isAlways()) {
                tally.carried(rule.statement());
                return to.backend();
            }
        }
        return section.setting("default_backend").map(line -> line.word(1)).orElse(section.name());
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
                .filter(bind -> !bind.minVersion().isEmpty())
                .forEach(bind ->
                        tally.note(at, bind.statement(), "the oldest version is one for all", "tls: min-version"));
        listened.stream()
                .filter(bind -> !bind.isTls())
                .forEach(bind -> tally.note(
                        at, bind.statement(), "TLS holds for all addresses of a service", "another service"));
    }
}
