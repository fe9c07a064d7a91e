package dev.postern.migrate.haproxy;

import dev.postern.config.Site;
import dev.postern.migrate.Mapping;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A site before it is written: what is found out of it in several places comes together here. */
final class SiteDraft {
    final List<String> names;
    final Routing routing;
    final Edits edits;
    final boolean isPlain;
    private final Certificates.@Nullable Found certificate;
    /** What there is to say of it in front of it. */
    final List<String> remarks = new ArrayList<>();

    boolean isDefault;
    /** As it is called here; null where its connections are opened. */
    @Nullable Section passthrough;

    SiteDraft(
            List<String> names,
            Routing routing,
            Edits edits,
            boolean isPlain,
            Certificates.@Nullable Found certificate) {
        this.names = new ArrayList<>(names);
        this.routing = routing;
        this.edits = edits;
        this.isPlain = isPlain;
        this.certificate = certificate;
    }

    /** Whether an issuer has to give it a certificate. */
    boolean isIssued() {
        return !isPlain && certificate == null && passthrough == null;
    }

    boolean isLike(SiteDraft other) {
        return isPlain == other.isPlain
                && routing.equals(other.routing)
                && edits.equals(other.edits)
                && Objects.equals(certificate, other.certificate)
                && !isDefault
                && !other.isDefault
                && !names.contains(Site.ANY)
                && !other.names.contains(Site.ANY);
    }

    void write(Mapping at, Timeouts timeouts, Backends backends) {
        remarks.forEach(at::remark);
        at.put("names", names);
        if (isDefault && !names.contains(Site.ANY)) {
            at.put("default", "true");
        }
        Section passed = passthrough;
        if (passed != null) {
            at.put("passthrough", backends.forConnections(passed.name()).orElse(""));
            timeouts.ofPassthrough(passed, at);
        } else if (isPlain) {
            at.put("plain", "true");
        } else if (certificate != null) {
            Map<String, String> files = new LinkedHashMap<>();
            files.put("chain", certificate.chain().toString());
            files.put("key", certificate.key().toString());
            at.put("certificate", files);
        }
        edits.write(at);
        boolean passesChallenges =
                routing.routes().stream().anyMatch(route -> route.match().path().startsWith(View.CHALLENGES));
        if (passesChallenges) {
            at.remark("Tokens that are not Postern's own: of whoever gets those certificate files, certbot say.");
            at.put("acme-challenges", "pass");
        }
        List<Routing.Route> exceptions = new ArrayList<>();
        for (Routing.Route route : routing.routes()) {
            Optional<String> backend = backend(route, backends);
            if (route.match().isAll() && backend.isPresent() && route.edits().equals(Edits.NONE)) {
                at.put("backend", backend.get());
            } else {
                exceptions.add(route);
            }
        }
        exceptions.forEach(route -> route(route, backend(route, backends), at.item("routes")));
    }

    private static Optional<String> backend(Routing.Route route, Backends backends) {
        return route.action() instanceof Action.To to ? backends.forRequests(to.backend()) : Optional.empty();
    }

    private static void route(Routing.Route route, Optional<String> backend, Mapping at) {
        Match match = route.match();
        if (backend.isEmpty() && route.action() instanceof Action.To to) {
            at.remark("No server of " + to.backend() + " could be carried over.");
        }
        at.put(match.exact() ? "exact" : "path", match.path());
        if (!match.methods().isEmpty() || !match.headers().isEmpty()) {
            Mapping when = at.section("when");
            if (!match.methods().isEmpty()) {
                when.put("methods", List.copyOf(match.methods()));
            }
            match.headers().forEach((name, test) -> {
                int colon = test.indexOf(':');
                when.section("headers").put(name, Map.of(test.substring(0, colon), test.substring(colon + 1)));
            });
        }
        if (route.action() instanceof Action.To) {
            if (backend.isPresent()) {
                at.put("backend", backend.get());
            } else {
                at.put("respond", Map.of("status", "503"));
            }
        } else if (route.action() instanceof Action.Redirect redirect) {
            at.put("redirect", redirect.location());
            at.put("status", Integer.toString(redirect.status()));
        } else if (route.action() instanceof Action.ToHttps to) {
            at.put("redirect", "https://{host}{uri}");
            at.put("status", Integer.toString(to.status()));
        } else if (route.action() instanceof Action.Deny deny) {
            at.put("respond", Map.of("status", Integer.toString(deny.status())));
        } else if (route.action() instanceof Action.Respond respond) {
            Map<String, String> answer = new LinkedHashMap<>();
            answer.put("status", Integer.toString(respond.status()));
            if (!respond.body().isEmpty()) {
                answer.put("body", respond.body());
            }
            if (!respond.contentType().isEmpty()) {
                answer.put("content-type", respond.contentType());
            }
            at.put("respond", answer);
        }
        route.edits().write(at);
    }
}
