package dev.postern.migrate.haproxy;

import dev.postern.config.Site;
import dev.postern.migrate.Certificates;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Imported;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Routing;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A configuration of Postern that does what one of HAProxy does, as far as it can, and says of each line where it does not. */
public final class HaproxyImport {
    private static final String ELSEWHERE = "one section with and without TLS has sites, and another had them before";

    private final List<Section> sections;
    private final Instant now;
    private final Tally tally;
    private final Mapping root = new Mapping();
    private final Map<String, Section> withServers = new LinkedHashMap<>();
    /** Where what is said of a section belongs. */
    private final IdentityHashMap<Section, Mapping> places = new IdentityHashMap<>();

    private final Timeouts timeouts;
    private final Backends backends;
    private final Binds binds;
    private final TcpServices services;
    private final Listening listening = new Listening();
    private final Drafts drafts;

    private HaproxyImport(Path file, List<Section> sections, Instant now) {
        this.sections = sections;
        this.now = now;
        this.tally = new Tally(file);
        root.remark("From " + file.getFileName()
                + " of HAProxy, by postern import. A comment with a line of that file says what was not"
                + " carried over of it, and what to do.");
        root.remark(
                "Paths are taken by whole segments and in one form here (docs/routes.md), hosts with any port, and of the routes that take a request the most specific one gets it.");
        for (Section section : sections) {
            if (section.hasServers()) {
                withServers.putIfAbsent(section.name(), section);
            }
        }
        // In this order they are written.
        root.section("acme");
        root.item("sites");
        root.item("tcp");
        root.section("backends");
        root.section("listeners");
        root.section("tls");
        root.section("timeouts");
        root.section("limits");
        this.drafts = new Drafts(tally, listening, now);
        this.timeouts = new Timeouts(sections, tally);
        this.backends = new Backends(sections, timeouts, tally, root.section("backends"));
        this.binds = new Binds(sections, tally);
        this.services = new TcpServices(withServers, backends, binds, timeouts, tally);
    }

    /**
     * Reads the file, and the certificates that it names.
     *
     * @param environment what variables in it stand for
     * @throws IOException one line: it cannot be read, or is none of HAProxy's
     */
    public static Imported read(Path file, Map<String, String> environment, InstantSource clock) throws IOException {
        HaproxyImport one = new HaproxyImport(file, Sections.read(file, environment), clock.instant());
        one.translate();
        return one.tally.imported(one.root.text(), Set.of(file));
    }

    private void translate() {
        Settings.write(sections, tally, root);
        List<Section> listened = sections.stream()
                .filter(section -> section.isProxy() && !section.all("bind").isEmpty() && !section.isOff())
                .toList();
        List<Section> web = new ArrayList<>();
        for (Section section : listened) {
            if (section.isTcp()) {
                places.put(section, root.item("tcp"));
            } else if (isStatistics(section)) {
                statistics(section);
            } else {
                web.add(section);
                places.put(section, root.item("sites"));
            }
        }
        web(web);
        listened.stream().filter(Section::isTcp).forEach(this::tcp);
        issuers();
        drafts.keepAside();
        for (SiteDraft draft : drafts.all()) {
            draft.write(root.item("sites"), backends::forRequests);
        }
        listening.write(root.section("listeners"), tally, drafts.all());
        if (!drafts.all().isEmpty() || !root.has("tcp")) {
            listening.makeWay(
                    root.section("listeners"), binds, drafts.all().stream().anyMatch(draft -> !draft.isPlain));
        }
        if (backends.isAt("127.0.0.1:9876") && !binds.isTaken(9876)) {
            root.section("listeners")
                    .remark("Somebody else, certbot say, is at the side port that Postern would take.")
                    .section("challenge")
                    .put("bind", List.of("127.0.0.1:9878"));
        }
        if (drafts.all().isEmpty() && !root.has("tcp")) {
            root.item("sites")
                    .remark("Nothing of the file listens for anybody: this stands for all that is to come.")
                    .put("names", List.of(Site.ANY))
                    .put("plain", "true")
                    .item("routes")
                    .put("path", "/")
                    .put("respond", Map.of("status", "503"));
        }
        for (Section section : sections) {
            sweep(section);
        }
        List<String> itself = tally.itself();
        if (!itself.isEmpty()) {
            root.remark("What Postern does by itself, or has no use for:");
            itself.forEach(root::remark);
        }
    }

    private void sweep(Section section) {
        Mapping place = places.get(section);
        if (place == null) {
            place = backends.find(section.name())
                    .filter(name -> section.hasServers())
                    .map(name -> root.section("backends").section(name))
                    .orElse(section.hasServers() ? root.section("backends") : root);
        }
        List<Statement> all = new ArrayList<>(List.of(section.head()));
        all.addAll(section.own());
        tally.sweep(place, all, line -> Reasons.of(section.kind(), line));
        List<Integer> put = all.stream()
                .filter(Statement::isFromEnvironment)
                .map(Statement::line)
                .toList();
        if (!put.isEmpty()) {
            place.remark("Variables of the environment were put in as they were at the import: lines " + put + ".");
        }
    }

    private boolean isStatistics(Section section) {
        return section.own().stream().anyMatch(line -> line.begins("stats"))
                && section.all("server").isEmpty()
                && section.all("use_backend").isEmpty()
                && section.ownSetting("default_backend").isEmpty();
    }

    private void statistics(Section section) {
        Mapping listeners = root.section("listeners");
        places.put(section, listeners);
        boolean isGuarded = section.all("stats", "auth").isEmpty();
        if (!isGuarded || listeners.has("admin")) {
            return;
        }
        List<String> addresses = binds.of(section, false, listeners).stream()
                .flatMap(bind -> bind.addresses().stream())
                .toList();
        if (!addresses.isEmpty()) {
            listeners.section("admin").put("bind", addresses);
            tally.carried(section.head());
            section.all("stats", "enable").forEach(tally::itself);
        }
    }

    private static boolean isTls(Section section) {
        return section.all("bind").stream().anyMatch(bind -> bind.words().contains("ssl"));
    }

    private void web(List<Section> web) {
        Optional<Section> secure = web.stream().filter(HaproxyImport::isTls).findFirst();
        secure.ifPresent(this::secure);
        List<Section> others = web.stream()
                .filter(section -> secure.isEmpty() || !section.equals(secure.get()))
                .toList();
        List<Section> plain = new ArrayList<>();
        for (Section section : others) {
            if (isTls(section)) {
                further(section, true);
                continue;
            }
            HttpSites sites = new HttpSites(section, withServers, tally, place(section));
            int redirect = secure.isPresent() ? sites.redirectsAll() : 0;
            if (redirect > 0) {
                redirect(redirect, sites);
                listening.add(binds.of(section, false, place(section)));
                List<Routing.Route> tokens = sites.tokens();
                drafts.all()
                        .forEach(draft -> tokens.forEach(route -> draft.routing.addFirst(new Routing.Route(
                                route.match(), route.action(), route.edits().inside(draft.edits)))));
                tally.carried(section.head());
            } else {
                plain.add(section);
            }
        }
        plain.sort((a, b) -> Boolean.compare(isAt80(b), isAt80(a)));
        for (Section section : plain) {
            if (listening.isPlain()) {
                further(section, false);
            } else {
                plain(section);
            }
        }
        secure.or(() -> plain.stream().findFirst())
                .ifPresent(section -> timeouts.ofSites(section, root.section("timeouts")));
    }

    private Mapping place(Section section) {
        return places.getOrDefault(section, root);
    }

    private static boolean isAt80(Section section) {
        return section.all("bind").stream().anyMatch(bind -> bind.word(1).endsWith(":80"));
    }

    private void redirect(int status, HttpSites sites) {
        listening.redirect(Integer.toString(status == 303 ? 302 : status));
        sites.exceptions().ifPresent(listening::remark);
    }

    private void secure(Section section) {
        Mapping place = place(section);
        List<Binds.Bind> listened = binds.of(section, false, place);
        HttpSites sites = new HttpSites(section, withServers, tally, place);
        boolean isMixed = listened.stream().anyMatch(bind -> !bind.isTls());
        int redirect = isMixed ? sites.redirectsAll() : 0;
        if (redirect > 0) {
            redirect(redirect, sites);
        } else if (isMixed) {
            listening.redirect("off");
        }
        List<String> files = new ArrayList<>();
        listened.forEach(bind -> files.addAll(bind.certificates()));
        Certificates certificates = new Certificates(files.stream().distinct().toList(), now);
        certificates
                .problems()
                .forEach(
                        problem -> place.remark(
                                "Not taken over: " + problem
                                        + ". An issuer gives such sites their certificates; certificate: { chain: FILE, key: FILE } is for your own."));
        listening.add(listened);
        minVersion(listened);
        List<SiteDraft> more = sites.drafts((isMixed && redirect == 0) ? null : true, false, certificates);
        ask(more, listened);
        drafts.all().addAll(more);
        tally.carried(section.head());
    }

    /** {@code ssl-min-ver} of all who listen, where they are of one mind. */
    private void minVersion(List<Binds.Bind> listened) {
        List<String> versions = listened.stream()
                .filter(Binds.Bind::isTls)
                .map(Binds.Bind::minVersion)
                .distinct()
                .toList();
        boolean isCommon = versions.equals(List.of("TLSv1.2")) || versions.equals(List.of("TLSv1.3"));
        Mapping tls = root.section("tls");
        if (isCommon && !tls.has("min-version")) {
            tls.put("min-version", versions.get(0));
        } else {
            listened.stream()
                    .filter(bind -> !bind.minVersion().isEmpty())
                    .forEach(bind -> tally.note(
                            tls,
                            bind.statement(),
                            "the oldest version is one for all, from TLSv1.2 on",
                            "tls: min-version"));
        }
    }

    private void plain(Section section) {
        Mapping place = place(section);
        List<Binds.Bind> listened = binds.of(section, false, place);
        if (listened.isEmpty()) {
            return;
        }
        listening.add(listened);
        tally.carried(section.head());
        HttpSites sites = new HttpSites(section, withServers, tally, place);
        List<SiteDraft> more = sites.drafts(false, true, new Certificates(List.of(), now));
        if (!drafts.all().isEmpty()) {
            // Beside sites with TLS, of which plain HTTP is somebody else's.
            listening.redirect("off");
        }
        drafts.serve(Listening.PLAIN, more, section, place);
    }

    /** Clients are asked for certificates by the sites: whoever listens for them is of one mind. */
    private static void ask(List<SiteDraft> sites, List<Binds.Bind> listened) {
        listened.stream()
                .flatMap(bind -> bind.clients().stream())
                .findFirst()
                .ifPresent(clients -> sites.forEach(
                        site -> site.edits = site.edits.and(Edits.saying("client-certificates", clients))));
    }

    /** A section beside the one that has the sites of the kind: a listener with sites of its own. */
    private void further(Section section, boolean isTls) {
        Mapping place = place(section);
        List<Statement> bound = section.all("bind");
        if (isTls && !bound.stream().allMatch(bind -> bind.words().contains("ssl"))) {
            elsewhere(section);
            return;
        }
        List<Binds.Bind> listened = binds.of(section, false, place);
        if (listened.isEmpty()) {
            return;
        }
        List<String> files = new ArrayList<>();
        listened.forEach(bind -> files.addAll(bind.certificates()));
        Certificates certificates = new Certificates(files.stream().distinct().toList(), now);
        certificates.problems().forEach(problem -> place.remark("Not taken over: " + problem + "."));
        HttpSites sites = new HttpSites(section, withServers, tally, place);
        List<SiteDraft> more = sites.drafts(isTls, !isTls, certificates);
        if (more.isEmpty()) {
            // A listener without sites of its own would have those of all others.
            elsewhere(section);
            return;
        }
        ask(more, listened);
        String name = listening.further(section, listened);
        drafts.serve(name, more, section, place);
        if (drafts.all().stream().noneMatch(draft -> draft.listeners.contains(name))) {
            listened.forEach(bind -> tally.note(place, bind.statement(), "nothing listens there: see above", ""));
        }
        tally.carried(section.head());
    }

    /** All that is open of a section that is not carried over. */
    private void elsewhere(Section section) {
        Mapping place = place(section);
        List<Statement> all = new ArrayList<>(List.of(section.head()));
        all.addAll(section.own());
        for (Statement line : all) {
            if (tally.isOpen(line) || line == section.head()) {
                tally.note(place, line, ELSEWHERE, "another Postern, or hosts that tell them apart");
            }
        }
    }

    private void tcp(Section section) {
        Mapping place = place(section);
        Optional<TcpServices.Passthrough> passed = services.passthrough(section, place);
        if (passed.isEmpty()) {
            services.service(section, place, files -> drafts.certified(section, files, place));
            return;
        }
        TcpServices.Passthrough passthrough = passed.get();
        List<Binds.Bind> listened = passthrough.listened();
        if (listened.isEmpty()) {
            return;
        }
        String listener = Listening.SECURE;
        if (listening.isSecure() && !leadsToUs()) {
            // Whoever comes to other addresses has other sites there.
            listener = listening.furtherSecure(section, listened);
        } else {
            listening.addSecure(listened);
        }
        for (Map.Entry<String, TcpServices.Passed> one : passthrough.byName().entrySet()) {
            drafts.pass(one.getKey(), one.getValue(), listener, section, passthrough.admission(), place);
        }
        passthrough.admission().tell(place);
        String name = listener;
        if (!name.equals(Listening.SECURE)
                && drafts.all().stream().noneMatch(draft -> draft.listeners.contains(name))) {
            listened.forEach(bind -> tally.note(place, bind.statement(), "nothing listens there: see above", ""));
        }
    }

    /** Whether the section with TLS is there for one in front, that passes connections on to it: both are one here. */
    private boolean leadsToUs() {
        return listening.secureAddresses().stream()
                .anyMatch(address ->
                        backends.isAt(address) || (address.startsWith(":") && backends.isAt("127.0.0.1" + address)));
    }

    /** Nobody but the operator can agree to the terms of a public CA. */
    private void issuers() {
        if (drafts.all().stream().anyMatch(SiteDraft::isIssued)) {
            root.section("acme")
                    .remark(
                            "The CA inside, whose root clients must be told to trust. For certificates that everybody trusts:")
                    .remark("  email: you@example.com, agree-to-terms: true, issuers: [letsencrypt]")
                    .put("issuers", List.of("internal"));
        }
    }
}
