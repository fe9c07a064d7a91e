package dev.postern.migrate.caddy;

import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Site;
import dev.postern.migrate.Action;
import dev.postern.migrate.BackendDrafts;
import dev.postern.migrate.Certificates;
import dev.postern.migrate.CommonEdits;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Imported;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Match;
import dev.postern.migrate.Routing;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import dev.postern.migrate.WebListeners;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A configuration of Postern that does what a Caddyfile does, as far as it can, and says of each line where it does not. */
public final class CaddyImport {
    private static final int DEFAULT_HTTP_PORT = 80;

    private final Caddyfile.Blocks file;
    private final SiteTls tls;
    private final Tally tally;
    private final Placeholders placeholders;
    private final Options options;
    private final Mapping root = new Mapping();
    private final WebListeners listeners = new WebListeners();
    private final BackendDrafts backends;
    private final Map<SiteDraft, Block> drafts = new LinkedHashMap<>();
    private final Set<String> taken = new HashSet<>();
    /** What addresses of sites say. */
    private final Set<String> named = new HashSet<>();

    private boolean hasDefault;

    private CaddyImport(Path file, Caddyfile.Blocks blocks, Map<String, String> environment, Instant now) {
        this.file = blocks;
        Path parent = file.toAbsolutePath().getParent();
        this.tally = new Tally(file);
        this.placeholders = new Placeholders(environment);
        this.options = new Options(placeholders, tally, root);
        this.tls = new SiteTls(parent == null ? Path.of("/") : parent, now, options, tally, root);
        root.remark("From " + file.getFileName()
                + " of Caddy, by postern import. A comment with a line of that file, or of one that it imports, says what was not"
                + " carried over of it, and what to do.");
        root.remark(
                "Paths are taken by whole segments here, and as they are written: /ADMIN is not /admin. Servers have 60 s for an answer (timeouts:"
                        + " response), and who asks for a host of no site is answered 404.");
        // In this order they are written.
        root.section("acme");
        root.item("sites");
        this.backends = new BackendDrafts(root.section("backends"));
        root.section("listeners");
        root.section("tls");
        root.section("timeouts");
        root.section("limits");
    }

    /**
     * Reads the file, those that it imports, and the certificates that they name.
     *
     * @param environment what variables in it stand for
     * @throws IOException one line: it cannot be read, or is no Caddyfile
     */
    public static Imported read(Path file, Map<String, String> environment, InstantSource clock) throws IOException {
        CaddyImport one = new CaddyImport(file, Caddyfile.read(file, environment), environment, clock.instant());
        one.translate();
        return one.tally.imported(one.root.text(), one.file.files());
    }

    private void translate() {
        file.imports().forEach(line -> {
            String problem = file.problems().get(line);
            if (problem == null) {
                tally.carried(line);
            } else {
                tally.note(root, line, problem, "put it there, and import again");
            }
        });
        Blocks grouping = new Blocks(options, placeholders, listeners, tally);
        List<Block> blocks = new ArrayList<>();
        for (Directive block : file.blocks()) {
            if (block.is("global")) {
                options.read(block);
            } else if (block.is("site")) {
                blocks.add(grouping.block(block, root));
            }
        }
        blocks.forEach(block -> block.addresses().forEach(address -> named.add(address.name())));
        List<Block> secure = grouping.group(blocks, true);
        List<Block> plain = grouping.group(blocks, false);
        secure.forEach(block -> site(block, true, false));
        plain.forEach(block -> site(block, false, false));
        for (Blocks.Further one : grouping.further()) {
            Set<SiteDraft> before = new HashSet<>(drafts.keySet());
            site(one.block(), one.isTls(), true);
            drafts.keySet().stream()
                    .filter(draft -> !before.contains(draft))
                    .forEach(draft -> one.listener().serves(draft.names.get(0)));
        }
        issuers();
        drafts.forEach((draft, block) -> draft.write(place(block), backends::find));
        if (options.httpPort() != DEFAULT_HTTP_PORT && listeners.isSecure() && !listeners.isPlain()) {
            // Where CAs come to, and who is redirected.
            listeners.plain(List.of(":" + options.httpPort()), List.of());
        }
        listeners.write(root.section("listeners"), true);
        if (drafts.isEmpty()) {
            root.item("sites")
                    .remark("Nothing of the file listens for anybody: this stands for all that is to come.")
                    .put("names", List.of(Site.ANY))
                    .put("plain", "true")
                    .item("routes")
                    .put("path", "/")
                    .put("respond", Map.of("status", "503"));
        }
        Set<Directive> served = new HashSet<>();
        drafts.values().forEach(block -> served.add(block.line()));
        for (Block block : blocks) {
            if (!served.contains(block.line())) {
                tally.sweep(block.at(), List.of(block.line()), Reasons::of);
                block.line().all().skip(1).forEach(inner -> tally.within(block.at(), block.line(), inner));
            }
            sweep(block.at(), block.line());
        }
        file.blocks().forEach(block -> sweep(root, block));
        file.snippets().forEach(this::snippet);
        List<String> itself = tally.itself();
        if (!itself.isEmpty()) {
            root.remark("What Postern does by itself, or has no use for:");
            itself.forEach(root::remark);
        }
        if (!file.fromEnvironment().isEmpty()) {
            root.remark("Variables of the environment were put in as they were at the import: lines "
                    + file.fromEnvironment() + ".");
        }
    }

    private Mapping place(Block block) {
        return Stream.concat(Stream.of(block.at()), block.more().stream())
                .filter(Mapping::isEmpty)
                .findFirst()
                .orElseGet(() -> root.item("sites"));
    }

    /** Its lines are those of the sites that it is put in; otherwise it is of no use to anybody. */
    private void snippet(Directive snippet) {
        String name = snippet.word(1).substring(1, snippet.word(1).length() - 1);
        boolean isUsed = file.imports().stream().anyMatch(line -> line.word(1).equals(name));
        if (isUsed) {
            tally.carried(snippet);
            // What became of them is said where they are put in.
            snippet.all().filter(line -> line.is("import")).forEach(tally::carried);
        } else {
            sweep(root, snippet);
        }
    }

    private void sweep(Mapping at, Directive line) {
        if (!tally.isOpen(line)) {
            line.own().forEach(inner -> sweep(at, inner));
            return;
        }
        tally.sweep(at, List.of(line), Reasons::of);
        line.all().skip(1).forEach(inner -> tally.within(at, line, inner));
    }

    /** @param isAlone whether it has a listener of its own */
    private void site(Block block, boolean isTls, boolean isAlone) {
        List<String> names = new ArrayList<>();
        Match path = block.addresses().isEmpty()
                ? Match.ALL
                : block.addresses().get(0).path();
        for (Address address : block.addresses()) {
            if (!address.path().equals(path)) {
                tally.note(
                        block.at(),
                        block.line(),
                        "the addresses of a site have one path: " + address.name() + " is left out",
                        "routes of another site");
            } else if (!taken.add(isAlone && address.name().equals(Site.ANY) ? port(address) : address.name())) {
                block.at()
                        .remark(address.name() + " has a site above already: "
                                + (isTls
                                        ? "what is said of it here is left out."
                                        : "over plain HTTP it is redirected, if that has TLS."));
            } else {
                names.add(address.name());
            }
        }
        if (names.isEmpty()) {
            return;
        }
        tally.carried(block.line());
        block.line().own("log").forEach(line -> log(line, block.at()));
        Certificates.Found certificate = isTls ? tls.certificate(block) : null;
        if (isTls && names.remove(Site.ANY)) {
            List<String> known = certificate == null ? List.of() : certificate.names();
            known.stream()
                    .filter(name -> !named.contains(name))
                    .filter(taken::add)
                    .forEach(names::add);
            if (names.isEmpty()) {
                names.add(
                        isAlone || !taken.add("localhost")
                                ? port(block.addresses().get(0))
                                : "localhost");
                block.at().remark("No address says for which names this is: put yours in the place of this one.");
            }
            hasDefault |= !isAlone;
            draft(block, names, path, true, certificate, true);
            return;
        }
        if (isAlone && names.remove(Site.ANY)) {
            names.add(0, port(block.addresses().get(0)));
            block.at().remark("It takes all hosts there, whatever it is called.");
            draft(block, names, path, isTls, certificate, true);
            return;
        }
        boolean isAny = names.contains(Site.ANY);
        if (isAny && hasDefault) {
            tally.note(
                    block.at(),
                    block.line(),
                    "hosts that no site names are those of the site with TLS above: they are redirected",
                    "");
            return;
        }
        hasDefault |= isAny;
        draft(block, names, path, isTls, certificate, false);
    }

    private static String port(Address address) {
        return "port-" + address.port() + ".internal";
    }

    private void draft(
            Block block,
            List<String> names,
            Match path,
            boolean isTls,
            Certificates.@Nullable Found certificate,
            boolean isDefault) {
        List<String> others = new ArrayList<>(names);
        Set<String> asked = new LinkedHashSet<>(new Matchers(block.line(), null, isTls, options.clients()).hosts());
        for (String host : asked) {
            boolean isOne = others.contains(host);
            boolean isCovered = !isOne
                    && !host.startsWith("*")
                    && (HostName.covers(others, host) || others.contains(Site.ANY) || isDefault);
            if (((isOne && others.size() > 1) || isCovered) && (isOne || taken.add(host))) {
                others.remove(host);
                SiteDraft draft = draft(block, List.of(host), host, path, isTls, certificate);
                if (isCovered && isTls && certificate == null) {
                    draft.edits = draft.edits.and(Edits.saying("share", Value.of("true")));
                }
            }
        }
        SiteDraft draft = draft(block, others, others.size() == 1 ? others.get(0) : null, path, isTls, certificate);
        draft.isDefault = isDefault;
    }

    private SiteDraft draft(
            Block block,
            List<String> names,
            @Nullable String host,
            Match path,
            boolean isTls,
            Certificates.@Nullable Found certificate) {
        Fields fields = new Fields(placeholders, tally, block.at());
        ReverseProxy proxy = new ReverseProxy(backends, fields, tally, block.at());
        Routing routing = new SiteRoutes(
                        new Matchers(block.line(), host, isTls, options.clients()),
                        options.order,
                        placeholders,
                        proxy,
                        isTls,
                        tally,
                        block.at())
                .of(block.line(), path);
        if (routing.routes().isEmpty()) {
            // As Caddy answers what nobody else does.
            routing.add(Match.ALL, new Action.Respond(200, "", ""), Edits.NONE);
        }
        SiteTls.Asking who = isTls ? tls.verified(block) : new SiteTls.Asking(Edits.NONE, Edits.NONE);
        Routing routes = routing.with(edits -> edits.and(who.routes()));
        Edits common = CommonEdits.of(routes);
        SiteDraft draft = new SiteDraft(
                names,
                routes.with(edits -> CommonEdits.without(edits, common)),
                common.and(who.site()),
                !isTls,
                certificate);
        Optional<SiteDraft> like = drafts.keySet().stream()
                .filter(other -> block.equals(drafts.get(other)) && other.isLike(draft))
                .findFirst();
        if (like.isPresent()) {
            like.get().names.addAll(draft.names);
            return like.get();
        }
        drafts.put(draft, block);
        return draft;
    }

    private void log(Directive line, Mapping at) {
        tally.carried(line);
        if (!root.section("access-log").has("to")) {
            root.section("access-log").put("to", "stdout");
        }
        line.own()
                .forEach(inner ->
                        tally.note(at, inner, "one log has the lines of all sites", "access-log: { to: FILE }"));
    }

    /** Nobody but the operator can agree to the terms of a public CA. */
    private void issuers() {
        if (drafts.keySet().stream().anyMatch(SiteDraft::isIssued)) {
            Mapping acme = root.section("acme");
            acme.remark(
                            "The CA inside, whose root clients must be told to trust. For certificates that everybody trusts, as Caddy got them:")
                    .remark((options.email().isEmpty() ? "  email: you@example.com, " : "  ")
                            + "agree-to-terms: true, issuers: [letsencrypt, internal]");
            if (isEmail(options.email())) {
                acme.put("email", options.email());
            }
            acme.put("issuers", List.of("internal"));
        }
    }

    private static boolean isEmail(String text) {
        int at = text.indexOf('@');
        try {
            return text.matches("[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]+")
                    && HostName.PLAIN.parse(text.substring(at + 1)).contains(".");
        } catch (NotUnderstood e) {
            return false;
        }
    }
}
