package dev.postern.migrate.nginx;

import dev.postern.config.Durations;
import dev.postern.config.Site;
import dev.postern.migrate.BackendDrafts;
import dev.postern.migrate.Imported;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Ranges;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import dev.postern.migrate.WebListeners;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** A configuration of Postern that does what one of nginx does, as far as it can, and says of each line where it does not. */
public final class NginxImport {
    /** What stands in {@code http}, where a file is a part of one. */
    private static final Set<String> OF_HTTP =
            Set.of("server", "upstream", "map", "limit_req_zone", "proxy_set_header");

    private final ConfigurationTree.Tree tree;
    private final Instant now;
    private final Tally tally;
    private final Mapping root = new Mapping();
    private final WebListeners listeners = new WebListeners();
    private final BackendDrafts backends;
    private final List<SiteDraft> sites = new ArrayList<>();
    /** Of which block a site is. */
    private final IdentityHashMap<SiteDraft, Server> places = new IdentityHashMap<>();

    private NginxImport(Path file, ConfigurationTree.Tree tree, Instant now) {
        this.tree = tree;
        this.now = now;
        this.tally = new Tally(file);
        root.remark("From " + file.getFileName()
                + " of nginx, by postern import. A comment with a line of that file, or of one that it includes, says what was not"
                + " carried over of it, and what to do.");
        root.remark(
                "Paths are taken by whole segments here, WebSockets pass everywhere, the log is yours to name (access-log), and redirects of servers"
                        + " to themselves are not rewritten.");
        // In this order they are written.
        root.section("acme");
        root.item("sites");
        root.item("tcp");
        this.backends = new BackendDrafts(root.section("backends"));
        root.section("listeners");
        root.section("tls");
        root.section("timeouts");
        root.section("limits");
    }

    /**
     * Reads the file, those that it includes, and the certificates and passwords that they name.
     *
     * @throws IOException one line: it cannot be read, or is none of nginx's
     */
    public static Imported read(Path file, InstantSource clock) throws IOException {
        NginxImport one = new NginxImport(file, ConfigurationTree.read(file), clock.instant());
        one.translate();
        return one.tally.imported(one.root.text(), one.tree.files());
    }

    private void translate() {
        Scope main = new Scope(null, tree.root());
        tree.root().all().filter(line -> line.is("include")).forEach(line -> {
            String problem = tree.problems().get(line);
            if (problem == null) {
                tally.carried(line);
            } else if (isOfAll(line)) {
                tally.note(root, line, problem, "put it there, and import again");
            }
        });
        List<Scope> webs = contexts(main, "http", OF_HTTP);
        for (Scope http : webs) {
            web(http);
        }
        for (Scope stream : tree.root().own("stream").map(main::in).toList()) {
            stream(stream);
        }
        issuers();
        for (SiteDraft site : sites) {
            site.write(place(site), backends::find);
        }
        boolean hasSites = !sites.isEmpty();
        listeners.write(root.section("listeners"), hasSites || !root.has("tcp"));
        if (!hasSites && !root.has("tcp")) {
            root.item("sites")
                    .remark("Nothing of the file listens for anybody: this stands for all that is to come.")
                    .put("names", List.of(Site.ANY))
                    .put("plain", "true")
                    .item("routes")
                    .put("path", "/")
                    .put("respond", Map.of("status", "503"));
        }
        tree.root().own().forEach(line -> sweep(root, line));
        List<String> itself = tally.itself();
        if (!itself.isEmpty()) {
            root.remark("What Postern does by itself, or has no use for:");
            itself.forEach(root::remark);
        }
    }

    /** Whether it stands outside of all servers. */
    private boolean isOfAll(Directive line) {
        return Stream.concat(
                        Stream.of(tree.root()),
                        tree.root().own().stream().filter(one -> one.is("http") || one.is("stream")))
                .anyMatch(block -> block.own().contains(line));
    }

    private Mapping place(SiteDraft site) {
        Server server = places.get(site);
        return server == null
                ? root.item("sites")
                : Stream.concat(Stream.of(server.at()), server.more().stream())
                        .filter(Mapping::isEmpty)
                        .findFirst()
                        .orElseGet(() -> root.item("sites"));
    }

    private static List<Scope> contexts(Scope main, String name, Set<String> own) {
        List<Scope> found = new ArrayList<>(main.block().own(name).map(main::in).toList());
        if (main.block().own().stream().anyMatch(line -> own.contains(line.name()))) {
            found.add(main);
        }
        return found;
    }

    private void web(Scope http) {
        tally.carried(http.block());
        Directive block = http.block();
        Settings settings = new Settings(http, tally);
        Upstreams upstreams = new Upstreams(block.own("upstream"), backends, tally, root.section("backends"));
        List<Server> servers = block.own("server")
                .map(server -> Server.of(http.in(server), tally, root))
                .toList();
        Servers all = new Servers(
                servers, listeners, tree, now, tally, new Passing(upstreams, tree.folder(), tally), settings);
        all.drafts().forEach((draft, server) -> {
            sites.add(draft);
            places.put(draft, server);
        });
        process(http, settings);
        for (Server server : servers) {
            sweep(server.at(), server.scope().block());
        }
        block.own("upstream").forEach(upstream -> sweep(root.section("backends"), upstream));
    }

    /** What is in a block that is not carried over goes with it. */
    private void sweep(Mapping at, Directive line) {
        if (!tally.isOpen(line)) {
            line.own().forEach(inner -> sweep(at, inner));
            return;
        }
        tally.sweep(at, List.of(line), Reasons::of);
        line.all().skip(1).forEach(inner -> tally.within(at, line, inner));
    }

    private void stream(Scope stream) {
        tally.carried(stream.block());
        PeerAddress.carried(stream.block(), tally);
        Upstreams upstreams = new Upstreams(stream.block().own("upstream"), backends, tally, root.section("backends"));
        Streams streams = new Streams(stream, upstreams, listeners, tree, now, tally, sites);
        for (Directive server : stream.block().own("server").toList()) {
            Mapping at = root.item("tcp");
            streams.write(server, at);
            sweep(at, server);
        }
        stream.block().own("upstream").forEach(upstream -> sweep(root.section("backends"), upstream));
    }

    /** What holds for all, and what Postern does by itself. */
    private void process(Scope http, Settings settings) {
        if (!sites.isEmpty()) {
            root.section("limits")
                    .remark("As nginx has it, unless a site says otherwise.")
                    .put("body", settings.body());
        }
        tree.root().all().filter(Reasons::isByItself).forEach(line -> {
            line.all().forEach(tally::carried);
            tally.itself(line);
        });
        tree.root()
                .all()
                .filter(line -> line.is("map") && line.word(1).equals("$http_upgrade"))
                .flatMap(Directive::all)
                .forEach(tally::carried);
        trusted(http);
        PeerAddress.carried(http.block(), tally);
        timeout(http, "client_header_timeout", "request-head");
        timeout(http, "keepalive_timeout", "keep-alive");
        Stream.concat(
                        http.all("ssl_protocols").stream(),
                        http.block().own("server").flatMap(server -> server.own("ssl_protocols")))
                .forEach(line -> {
                    boolean isNew =
                            line.arguments().stream().allMatch(one -> one.equals("TLSv1.2") || one.equals("TLSv1.3"));
                    if (isNew) {
                        tally.carried(line);
                        if (!line.arguments().contains("TLSv1.2")
                                && !root.section("tls").has("min-version")) {
                            root.section("tls").put("min-version", "TLSv1.3");
                        }
                    }
                });
    }

    /** Proxies in front, as far as they say so in X-Forwarded-For. */
    private void trusted(Scope http) {
        List<Directive> lines =
                http.block().all().filter(line -> line.is("set_real_ip_from")).toList();
        List<Directive> headers =
                http.block().all().filter(line -> line.is("real_ip_header")).toList();
        boolean isForwarded = !headers.isEmpty()
                && headers.stream().allMatch(line -> line.word(1).equalsIgnoreCase("x-forwarded-for"));
        List<String> ranges = new ArrayList<>();
        for (Directive line : lines) {
            Optional<String> range = Ranges.of(line.word(1));
            if (isForwarded && range.isPresent()) {
                tally.carried(line);
                headers.forEach(tally::carried);
                ranges.add(range.get());
            }
        }
        http.block()
                .all()
                .filter(line -> line.is("real_ip_recursive") && isForwarded)
                .forEach(tally::carried);
        if (!ranges.isEmpty()) {
            if (lines.stream().anyMatch(line -> !http.block().own().contains(line))) {
                root.remark(
                        "Who is believed of X-Forwarded-For is believed for all sites, also where one server alone said so.");
            }
            root.put("trusted-proxies", ranges.stream().distinct().toList());
        }
    }

    private void timeout(Scope http, String theirs, String ours) {
        http.one(theirs)
                .ifPresent(line -> Units.duration(line.word(1))
                        .filter(time -> !time.isZero() && time.compareTo(Duration.ofDays(3650)) < 0)
                        .ifPresent(time -> {
                            root.section("timeouts").put(ours, Durations.text(time));
                            tally.carried(line);
                        }));
    }

    /** Nobody but the operator can agree to the terms of a public CA. */
    private void issuers() {
        if (sites.stream().anyMatch(SiteDraft::isIssued)) {
            root.section("acme")
                    .remark(
                            "The CA inside, whose root clients must be told to trust. For certificates that everybody trusts:")
                    .remark("  email: you@example.com, agree-to-terms: true, issuers: [letsencrypt]")
                    .put("issuers", List.of("internal"));
        }
    }
}
