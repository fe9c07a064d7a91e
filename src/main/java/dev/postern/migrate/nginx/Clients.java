package dev.postern.migrate.nginx;

import dev.postern.migrate.Authorities;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** {@code ssl_verify_client}: clients that have to show certificates, or may. */
final class Clients {
    // "Module ngx_http_ssl_module", ssl_verify_depth.
    private static final String DEPTH = "1";

    private final Path folder;
    private final Tally tally;

    /** @param folder what relative files are relative to */
    Clients(Path folder, Tally tally) {
        this.folder = folder;
        this.tally = tally;
    }

    /**
     * @param site what it says
     * @param routes what each of them says, for what a route says stands for what its site says
     */
    record Asked(Edits site, Edits routes) {
        static final Asked NOTHING = new Asked(Edits.NONE, Edits.NONE);
    }

    Asked of(Scope scope, Mapping at) {
        Optional<Directive> asked =
                scope.one("ssl_verify_client").filter(line -> !line.word(1).equals("off"));
        if (asked.isEmpty()) {
            return Asked.NOTHING;
        }
        boolean isRequired = asked.get().word(1).equals("on");
        Optional<Directive> ca = scope.one("ssl_client_certificate");
        Optional<Directive> crl = scope.one("ssl_crl");
        boolean isGood = ca.isPresent()
                && !asked.get().word(1).equals("optional_no_ca")
                && Authorities.areIn(folder.resolve(ca.get().word(1)))
                && crl.map(line -> Authorities.areListsIn(folder.resolve(line.word(1))))
                        .orElse(true);
        if (!isGood) {
            String why = "the files of CAs, or of what they have taken back, are not here";
            String then = "client-certificates: { ca: FILE } of the site, and then no deny";
            if (isRequired) {
                tally.closed(at, asked.get(), why, then);
                return new Asked(Edits.NONE, Edits.NOBODY);
            }
            tally.note(at, asked.get(), why, then);
            return Asked.NOTHING;
        }
        tally.carried(asked.get());
        Map<String, String> said = new LinkedHashMap<>();
        ca.ifPresent(line -> {
            said.put("ca", folder.resolve(line.word(1)).toString());
            tally.carried(line);
        });
        crl.ifPresent(line -> {
            said.put("crl", folder.resolve(line.word(1)).toString());
            tally.carried(line);
        });
        said.put("mode", isRequired ? "require" : "request");
        Optional<Directive> depth =
                scope.one("ssl_verify_depth").filter(line -> Numbers.isBetween(line.word(1), 0, 10));
        depth.ifPresent(tally::carried);
        said.put("depth", depth.map(line -> line.word(1)).orElse(DEPTH));
        if (!isRequired) {
            tally.note(
                    at,
                    asked.get(),
                    "who shows none that is good is let in, also where it is a bad one",
                    "client-certificates: require of a route");
        }
        return new Asked(Edits.saying("client-certificates", Value.mapping(said)), Edits.NONE);
    }
}
