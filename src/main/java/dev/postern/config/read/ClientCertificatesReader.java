package dev.postern.config.read;

import dev.postern.config.ClientCertificates;
import dev.postern.config.ClientCertificates.Fact;
import dev.postern.config.ClientCertificates.Header;
import dev.postern.config.ClientCertificates.Mode;
import dev.postern.config.KeptFile;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads {@code client-certificates}, of a site and of a route. */
final class ClientCertificatesReader {
    static final String KEY = "client-certificates";

    private static final List<String> KEYS = List.of("ca", "crl", "mode", "depth", "headers");

    private static final Scalar<Mode> MODE = Scalar.oneOf(List.of(Mode.values()), Mode::text);
    private static final Scalar<Fact> FACT = Scalar.oneOf(Fact.all(), Fact::text);
    // More than any public CA has, and as long as a client may make us calculate.
    private static final Scalar<Integer> DEPTH = Scalar.wholeNumber(0, 8);
    private static final int DEFAULT_DEPTH = 3;

    private static final List<Header> DEFAULT_HEADERS = List.of(new Header("Client-Cert", Fact.CERTIFICATE));

    /** RFC 9440. */
    private static final Map<String, Fact> REGISTERED =
            Map.of("client-cert", Fact.CERTIFICATE, "client-cert-chain", Fact.CHAIN);

    private ClientCertificatesReader() {}

    /** Null where clients are asked for none. */
    static @Nullable ClientCertificates ofSite(Section site) {
        if (!site.has(KEY)) {
            return null;
        }
        Section section = site.section(KEY, KEYS);
        KeptFile ca = section.require("ca", FilePath.KEPT_CERTIFICATES);
        KeptFile crl = section.find("crl", FilePath.KEPT_REVOCATIONS);
        Mode mode = section.get("mode", MODE, Mode.REQUIRE);
        int depth = section.get("depth", DEPTH, DEFAULT_DEPTH);
        List<Header> headers = section.has("headers") ? headers(section.place("headers")) : DEFAULT_HEADERS;
        return ca == null ? null : new ClientCertificates(ca, crl, mode, depth, headers);
    }

    private static List<Header> headers(Value at) {
        List<Header> headers = new ArrayList<>();
        Map<String, Value> said = new HashMap<>();
        Map<String, Value> entries = at.entries("a mapping such as {Client-Cert: certificate}");
        if (entries != null) {
            entries.forEach((name, value) -> {
                String lower = FieldText.name(value, name, FieldText.Use.REQUEST);
                Value first = said.putIfAbsent(lower, value);
                if (first != null) {
                    value.problem(Quoted.of(lower) + " is in " + first.path() + " already (expected: every name once)");
                }
                Fact fact = value.read(FACT);
                Fact registered = REGISTERED.get(lower);
                if (fact != null && registered != null && fact != registered) {
                    value.problem("whoever reads " + name + " expects the " + registered.text() + " there (expected: "
                            + registered.text() + ", or another name)");
                }
                if (fact != null) {
                    headers.add(new Header(name, fact));
                }
            });
        }
        return List.copyOf(headers);
    }

    /** Whether a route wants a certificate that is good. */
    static boolean ofRoute(Section route, @Nullable ClientCertificates site) {
        Value value = route.find(KEY);
        if (value == null) {
            return false;
        }
        Boolean required = value.read(Scalar.oneOf(Map.of("require", true), "require; all else is said of the site"));
        if (required != null && site == null) {
            value.problem("the site asks for none (expected: client-certificates of the site)");
        }
        return required != null;
    }
}
