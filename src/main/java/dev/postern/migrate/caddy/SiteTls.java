package dev.postern.migrate.caddy;

import dev.postern.migrate.Authorities;
import dev.postern.migrate.Certificates;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code tls} of a site: its certificate, and those of its clients. */
final class SiteTls {
    private final Path folder;
    private final Instant now;
    private final Options options;
    private final Tally tally;
    private final Mapping root;

    /**
     * @param folder what relative files are relative to
     * @param root of the result
     */
    SiteTls(Path folder, Instant now, Options options, Tally tally, Mapping root) {
        this.folder = folder;
        this.now = now;
        this.options = options;
        this.tally = tally;
        this.root = root;
    }

    Certificates.@Nullable Found certificate(Block block) {
        Optional<Directive> tls = block.line().first("tls");
        if (tls.isEmpty()) {
            return null;
        }
        Directive line = tls.get();
        if (line.words().size() < 3) {
            return null;
        }
        Certificates certificates = new Certificates(List.of(), now);
        certificates.take(folder.resolve(line.word(1)), folder.resolve(line.word(2)));
        if (certificates.found().isEmpty()) {
            tally.note(
                    block.at(),
                    line,
                    "not taken over: "
                            + certificates.problems().stream().findFirst().orElse(""),
                    "an issuer gives one; certificate: { chain: FILE, key: FILE } is for your own");
            return null;
        }
        tally.carried(line);
        return certificates.found().get(0);
    }

    /** @param routes what each of them says, for what a route says stands for what its site says */
    record Asking(Edits site, Edits routes) {}

    private static boolean isRequest(Directive clients) {
        return clients.first("mode")
                .map(mode -> List.of("request", "verify_if_given").contains(mode.word(1)))
                .orElse(false);
    }

    /** What a site says of certificates of clients; empty where there is no file of the CAs that count. */
    private Optional<Value> clients(Directive clients) {
        Optional<Directive> file = clients.own().stream()
                .filter(line -> line.is("trusted_ca_cert_file"))
                .findFirst()
                .or(() ->
                        clients.first("trust_pool").filter(line -> line.word(1).equals("file")));
        String name = file.map(line -> line.is("trust_pool")
                        ? line.first("pem_file").map(pem -> pem.word(1)).orElse(line.word(2))
                        : line.word(1))
                .orElse("");
        boolean isOne = clients.own("trusted_ca_cert_file").count() < 2
                && clients.own().stream()
                        .allMatch(line -> List.of("mode", "trusted_ca_cert_file", "trust_pool")
                                .contains(line.name()))
                && !clients.first("mode")
                        .map(mode -> mode.word(1).equals("require"))
                        .orElse(false);
        if (name.isEmpty() || !isOne || !Authorities.areIn(folder.resolve(name))) {
            return Optional.empty();
        }
        Map<String, String> said = new LinkedHashMap<>();
        said.put("ca", folder.resolve(name).toString());
        said.put("mode", isRequest(clients) ? "request" : "require");
        return Optional.of(Value.mapping(said));
    }

    /** What {@code tls} says beside a certificate. */
    Asking verified(Block block) {
        Edits site = Edits.NONE;
        Edits routes = Edits.NONE;
        for (Directive line : block.line().own("tls").toList()) {
            boolean isEmail = line.words().size() == 2 && line.word(1).indexOf('@') > 0;
            if (isEmail) {
                options.email(line.word(1));
            }
            if (isEmail || line.word(1).equals("internal") || line.words().size() == 1) {
                tally.carried(line);
            }
            for (Directive inner : line.own()) {
                switch (inner.name()) {
                    case "client_auth" -> {
                        Optional<Value> asked = clients(inner);
                        boolean isRequest = isRequest(inner);
                        if (asked.isPresent()) {
                            site = Edits.saying("client-certificates", asked.get());
                            inner.all().forEach(tally::carried);
                            if (isRequest) {
                                tally.note(
                                        block.at(),
                                        inner,
                                        "who shows none that is good is let in, also where it is a bad one",
                                        "client-certificates: require of a route");
                            }
                        } else if (isRequest) {
                            tally.note(
                                    block.at(),
                                    inner,
                                    "no file of CAs is here",
                                    "client-certificates: { ca: FILE } of the site");
                        } else {
                            tally.closed(
                                    block.at(),
                                    inner,
                                    "no file of CAs is here",
                                    "client-certificates: { ca: FILE } of the site, and then no deny");
                            routes = Edits.NOBODY;
                        }
                    }
                    case "protocols" -> {
                        if (inner.word(1).equals("tls1.3")
                                && !root.section("tls").has("min-version")) {
                            root.section("tls").put("min-version", "TLSv1.3");
                        }
                        tally.carried(inner);
                    }
                    case "dns" ->
                        tally.note(
                                block.at(),
                                inner,
                                "TXT records are put into the DNS by dynamic updates, or by a program",
                                "dns-01: { exec: [PROGRAM] } of acme or the site, and challenges: [dns-01]");
                    case "issuer" -> {
                        if (inner.word(1).equals("internal")) {
                            tally.carried(inner);
                        }
                    }
                    default -> {
                        // What it is told by, says the sweep.
                    }
                }
                inner.all().skip(1).forEach(one -> tally.within(block.at(), inner, one));
            }
        }
        return new Asking(site, routes);
    }
}
