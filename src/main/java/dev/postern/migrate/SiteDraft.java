package dev.postern.migrate;

import dev.postern.config.Site;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A site before it is written: what is found out of it in several places comes together here. */
public final class SiteDraft {
    /** Where CAs ask for tokens. */
    public static final String CHALLENGES = "/.well-known/acme-challenge";

    public final List<String> names;
    public final Routing routing;
    public Edits edits;
    public final boolean isPlain;
    private final Certificates.@Nullable Found certificate;
    /** What there is to say of it in front of it. */
    public final List<String> remarks = new ArrayList<>();

    /** The listeners that it is on; empty for all that have none of their own. */
    public final Set<String> listeners = new LinkedHashSet<>();

    public boolean isDefault;
    /** Null where its connections are opened. */
    public @Nullable Passthrough passthrough;
    /** Whether its servers are asked for tokens of CAs that are not ours. */
    public boolean passesTokens;

    /** Whom connections are passed on to, and how long that may take. */
    public record Passthrough(String backend, Map<String, String> timeouts) {}

    public SiteDraft(
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

    /** The same for one of its names, which this one no longer has. */
    public SiteDraft alone(String name) {
        names.remove(name);
        SiteDraft draft = new SiteDraft(List.of(name), routing, edits, isPlain, certificate);
        draft.passesTokens = passesTokens;
        draft.listeners.addAll(listeners);
        return draft;
    }

    /** Whether both show the same certificate. */
    public boolean isCertifiedAs(SiteDraft other) {
        return Objects.equals(certificate, other.certificate);
    }

    /** The names of its own certificate; none where it brings none. */
    public List<String> certifiedNames() {
        return certificate == null ? List.of() : certificate.names();
    }

    /** Whether an issuer has to give it a certificate. */
    public boolean isIssued() {
        return !isPlain && certificate == null && passthrough == null;
    }

    public boolean isLike(SiteDraft other) {
        return isPlain == other.isPlain
                && listeners.equals(other.listeners)
                && passesTokens == other.passesTokens
                && routing.equals(other.routing)
                && edits.equals(other.edits)
                && Objects.equals(certificate, other.certificate)
                && !isDefault
                && !other.isDefault
                && !names.contains(Site.ANY)
                && !other.names.contains(Site.ANY);
    }

    /** @param backends what an action names → what it is called here; empty for none that could be carried over */
    public void write(Mapping at, Function<String, Optional<String>> backends) {
        remarks.forEach(at::remark);
        at.put("names", names);
        if (isDefault && !names.contains(Site.ANY)) {
            at.put("default", "true");
        }
        Passthrough passed = passthrough;
        if (passed != null) {
            at.put("passthrough", passed.backend());
            if (!passed.timeouts().isEmpty()) {
                at.put("timeouts", passed.timeouts());
            }
        } else if (isPlain) {
            at.put("plain", "true");
        } else if (certificate != null) {
            Map<String, String> files = new LinkedHashMap<>();
            files.put("chain", certificate.chain().toString());
            files.put("key", certificate.key().toString());
            at.put("certificate", files);
        }
        edits.write(at);
        if (passesTokens
                || routing.routes().stream()
                        .anyMatch(route -> route.match().path().startsWith(CHALLENGES))) {
            at.remark("Tokens that are not Postern's own: of whoever gets those certificate files, certbot say.");
            at.put("acme-challenges", "pass");
        }
        List<Routing.Route> exceptions = new ArrayList<>();
        for (Routing.Route route : routing.routes()) {
            Optional<String> backend = backend(route, backends);
            boolean isRewritten =
                    route.action() instanceof Action.To to && !to.rewrite().isEmpty();
            if (route.match().isAll()
                    && backend.isPresent()
                    && !isRewritten
                    && route.edits().equals(Edits.NONE)) {
                at.put("backend", backend.get());
            } else {
                exceptions.add(route);
            }
        }
        exceptions.forEach(route -> route(route, backend(route, backends), at.item("routes")));
    }

    private static Optional<String> backend(Routing.Route route, Function<String, Optional<String>> backends) {
        return route.action() instanceof Action.To to ? backends.apply(to.backend()) : Optional.empty();
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
                // GET stands for HEAD as well.
                when.put(
                        "methods",
                        match.methods().stream()
                                .filter(method -> !method.equals("HEAD")
                                        || !match.methods().contains("GET"))
                                .toList());
            }
            match.headers().forEach((name, test) -> {
                int colon = test.indexOf(':');
                when.section("headers").put(name, Map.of(test.substring(0, colon), test.substring(colon + 1)));
            });
        }
        if (route.action() instanceof Action.To to) {
            if (backend.isPresent()) {
                at.put("backend", backend.get());
                if (!to.rewrite().isEmpty()) {
                    at.put("rewrite", to.rewrite());
                }
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
