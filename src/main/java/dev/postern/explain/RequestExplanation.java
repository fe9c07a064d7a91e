package dev.postern.explain;

import dev.postern.balance.Affinity;
import dev.postern.balance.LoadBalancer;
import dev.postern.balance.StickyCookie;
import dev.postern.config.AddressRange;
import dev.postern.config.Addresses;
import dev.postern.config.BackendName;
import dev.postern.config.ClientCertificates;
import dev.postern.config.Configuration;
import dev.postern.config.Durations;
import dev.postern.config.ForwardAuth;
import dev.postern.config.RateLimit;
import dev.postern.config.RouteSettings;
import dev.postern.config.SentHost;
import dev.postern.config.ServerProtocol;
import dev.postern.config.Site;
import dev.postern.config.Timeouts;
import dev.postern.http.exchange.CertificateShown;
import dev.postern.http.exchange.Entrance;
import dev.postern.http.exchange.ImaginedRequest;
import dev.postern.http.exchange.Routing;
import dev.postern.pki.Certificate;
import dev.postern.route.Route;
import dev.postern.route.RouteAction;
import dev.postern.route.SiteRoutes;
import dev.postern.tunnel.Service;
import dev.postern.wire.Endpoints;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What would become of one request: each step in the order in which a real one takes it, until somebody answers. */
final class RequestExplanation {
    private static final int HTTPS = 443;
    private static final String CHALLENGES = "/.well-known/acme-challenge/";

    private final Configuration config;
    private final Routing routing;
    private final @Nullable ShownCertificates certificates;
    private final Question question;
    private final Lines lines = new Lines();

    /** @param certificates what clients are shown; null where nothing runs that would show any */
    RequestExplanation(
            Configuration config, Routing routing, @Nullable ShownCertificates certificates, Question question) {
        this.config = config;
        this.routing = routing;
        this.certificates = certificates;
        this.question = question;
    }

    /** In lines for an operator. */
    List<String> lines() {
        lines.say(
                "request",
                question.method() + " " + (question.isTls() ? "https://" : "http://") + question.authority()
                        + question.target() + " from " + Addresses.text(question.from()));
        String listener = new Doors(config, routing, question).listener(lines);
        if (listener == null) {
            return lines.all();
        }
        Entrance entrance = routing.entrance(listener);
        CertificateShown shown = null;
        if (question.isTls()) {
            shown = shown(listener, entrance);
            if (shown == null) {
                return lines.all();
            }
        }
        answer(listener, entrance, shown);
        return lines.all();
    }

    // ---- what the client is shown

    /** Null where there is no handshake with us. */
    private @Nullable CertificateShown shown(String listener, Entrance entrance) {
        // RFC 6066 §3 has no server name for an address.
        String name = question.host();
        Service service = routing.passage(listener, name);
        if (service != null) {
            passage(service);
            return null;
        }
        String certified = entrance.certified(name);
        SiteRoutes site = entrance.routes().site(name);
        Certificate certificate = certificates == null || certified == null ? null : certificates.of(certified);
        if (certificate == null && (certificates != null || site == null || site.isPlain())) {
            lines.say("certificate", "none for " + name + ": the handshake is refused (unrecognized_name)");
            lines.say(
                    "certificate",
                    site == null
                            ? "  no site here has that name, and none is there for all others"
                            : site.isPlain()
                                    ? "  " + site.site() + " is served over HTTP only"
                                    : "  postern cert explain " + site.site() + " says why");
            return null;
        }
        if (certificate == null) {
            lines.say("certificate", "nothing runs that would show one");
        } else {
            lines.say(
                    "certificate",
                    "of " + certificate.site() + ", from " + certificate.issuer() + ", for "
                            + String.join(", ", certificate.names()) + ", until " + certificate.notAfter());
            if (!certificate.covers(name)) {
                lines.say("certificate", "  does not cover " + name + ": clients warn, or give up");
            }
        }
        ClientCertificates asks = site == null ? null : site.clientCertificates();
        if (asks != null) {
            lines.say(
                    "certificate",
                    "  the client is asked for one of " + asks.ca().file()
                            + (asks.mode() == ClientCertificates.Mode.REQUIRE
                                    ? ": without it there is no connection"
                                    : ""));
        }
        ShownCertificates all = certificates;
        return new CertificateShown(
                site == null ? name : site.site(),
                name,
                (other, host) -> all != null && certificate != null && isSame(certificate, all.of(host)));
    }

    private static boolean isSame(Certificate shown, @Nullable Certificate other) {
        return other != null && other.isSame(shown);
    }

    private void passage(Service service) {
        lines.say("site", service.name() + ": connections are passed on unopened (passthrough)");
        if (!service.admission().admits(question.from())) {
            lines.say("rule", "allow and deny of the site: " + Addresses.text(question.from()) + " is not let in");
            lines.say("answer", "the connection is closed without a word (address_denied)");
            return;
        }
        RateLimit limit = service.admission().rateLimit();
        if (limit != null) {
            lines.say("rule", "rate-limit: " + text(limit) + " connections of each client");
        }
        if (!Servers.say(lines, service.balancer(), Affinity.NONE, certificates != null)) {
            lines.say("answer", "none, the connection is closed: none_available");
        }
    }

    // ---- what becomes of the request

    private void answer(String listener, Entrance entrance, @Nullable CertificateShown shown) {
        Endpoints endpoints = new Endpoints(
                new InetSocketAddress(question.from(), 0),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), question.port()));
        ImaginedRequest request;
        try {
            request = ImaginedRequest.read(routing, listener, shown, endpoints, question.head());
        } catch (ImaginedRequest.Refused e) {
            lines.say("answer", String.valueOf(e.getMessage()));
            return;
        }
        if (!request.from().equals(question.from())) {
            lines.say("client", Addresses.text(request.from()) + ", for whom the trusted proxy speaks");
        }
        SiteRoutes site = entrance.routes().site(request.host());
        if (request.routedPath().startsWith(CHALLENGES) && !passesChallenges(site)) {
            lines.say("answer", "what a CA asks for: the challenge of that token, on every listener; else 404");
            return;
        }
        if (site == null) {
            lines.say(
                    "site",
                    "none has the name " + request.host() + (entrance.isForAll() ? "" : " here")
                            + ", and none is there for all others");
            lines.say("answer", "404 no_such_site");
            return;
        }
        lines.say(
                "site",
                site.site()
                        + (entrance.routes().isByDefault(request.host())
                                ? ", which is there for names that no other has"
                                : ""));
        if (shown != null && !shown.isOf(site.site(), request.host())) {
            lines.say(
                    "site",
                    "  the handshake was made with " + shown.site()
                            + (certificates == null
                                    ? ", whose certificate may be another"
                                    : ", whose certificate is another"));
            lines.say("answer", "421 wrong_site: the client comes again on a connection of its own");
            return;
        }
        String fault = request.pathFault();
        if (fault != null) {
            lines.say("path", fault);
            lines.say("answer", "400 path_refused");
            return;
        }
        if (shown == null
                && !request.routedPath().startsWith(CHALLENGES)
                && entrance.redirect().isPresent()
                && !site.isPlain()) {
            redirect(entrance.redirect(), site, request);
            return;
        }
        if (!question.target().equals(request.normalTarget())) {
            lines.say("path", question.target() + " is " + request.normalTarget());
        }
        Route route = request.route(site);
        routes(site, listener, route, request);
        if (isLetIn(route, request)) {
            act(route, request);
        }
    }

    private static boolean passesChallenges(@Nullable SiteRoutes site) {
        return site != null && site.none().settings().acmeChallengesPass();
    }

    private void redirect(OptionalInt status, SiteRoutes site, ImaginedRequest request) {
        int port = routing.plaintext().redirectPort(site, request.host(), request.port());
        lines.say(
                "answer",
                status.getAsInt() + " to https://" + request.host()
                        + (port == HTTPS ? "" : ":" + port)
                        + request.target() + " (redirect of the listener)");
    }

    // ---- which route

    private void routes(SiteRoutes site, String listener, Route chosen, ImaginedRequest request) {
        boolean isTaken = false;
        for (SiteRoutes.Considered each : request.consider(site)) {
            String path = each.path() + (each.exact() ? " (exact)" : "");
            if (each.lost() != null) {
                lines.say("route", "  not " + path + ": " + each.lost());
            } else if (isTaken) {
                lines.say("route", "  not " + path + ": the one before is more specific");
            } else {
                isTaken = true;
                lines.say("route", path + " takes it");
            }
        }
        Site configured = config.sites().stream()
                .filter(one -> one.name().equals(site.site()))
                .findFirst()
                .orElse(null);
        if (configured != null) {
            configured.routes().stream()
                    .filter(route -> !route.conditions().isAt(listener))
                    .forEach(route -> lines.say(
                            "route",
                            "  not " + route.path() + ": when.listener: "
                                    + String.join(", ", route.conditions().listeners())));
        }
        if (chosen.action() instanceof RouteAction.None) {
            lines.say("route", "none takes it");
        }
    }

    private boolean isLetIn(Route route, ImaginedRequest request) {
        RouteSettings settings = route.settings();
        if (settings.rateLimit() != null) {
            lines.say(
                    "rule",
                    "rate-limit: " + text(settings.rateLimit()) + " requests of each client; what is left is"
                            + " not looked at");
        }
        if (request.hasEncodedSlash() && settings.encodedSlashes() == RouteSettings.EncodedSlashes.REFUSE) {
            lines.say("answer", "400 path_refused: the path has an encoded slash or backslash");
            return false;
        }
        if (!settings.allow().isEmpty() || !settings.deny().isEmpty()) {
            boolean admits = route.admits(request.from());
            lines.say(
                    "rule",
                    (settings.allow().isEmpty() ? "" : "allow: " + ranges(settings.allow()) + "; ")
                            + (settings.deny().isEmpty() ? "" : "deny: " + ranges(settings.deny()) + "; ")
                            + Addresses.text(request.from())
                            + (admits ? " is let in" : " is not"));
            if (!admits) {
                lines.say("answer", "403 address_denied");
                return false;
            }
        }
        if (settings.requiresClientCertificate()) {
            lines.say("rule", "client-certificates: whoever shows none, or not a good one, is answered 403");
            if (!question.isTls()) {
                lines.say("answer", "403 client_certificate_required: nobody has one without TLS");
                return false;
            }
        }
        long most = settings.limits().bodyOver(routing.limits().body()).orElse(Long.MAX_VALUE);
        if (request.contentLength() > most) {
            lines.say("answer", "413 body_too_large: limits.body: " + most);
            return false;
        }
        if (!route.allowsMethod(request.method())) {
            lines.say("rule", "allow-methods: " + String.join(", ", settings.allowMethods()));
            lines.say("answer", "405 method_not_allowed");
            return false;
        }
        if (settings.auth() != null) {
            lines.say(
                    "rule",
                    "auth: whoever has no password of " + settings.auth().realm() + " is answered 401");
        }
        if (settings.forwardAuth() != null) {
            ask(settings.forwardAuth(), route, request);
        }
        return true;
    }

    private void ask(ForwardAuth auth, Route route, ImaginedRequest request) {
        lines.say(
                "rule",
                "forward-auth: " + auth.to()
                        + " is asked first; where its answer is not 2xx, the client gets it, and where there"
                        + " is none within " + Durations.text(auth.timeout()) + ", 503 forward_auth_failed");
        LoadBalancer balancer = routing.backends().get(auth.to());
        if (balancer != null) {
            request.asked(auth, route, host(balancer)).strip().lines().forEach(line -> lines.say("rule", "  " + line));
        }
    }

    private static String ranges(List<AddressRange> ranges) {
        return ranges.stream().map(AddressRange::toString).collect(Collectors.joining(", "));
    }

    private static String text(RateLimit limit) {
        return limit.requests() + " per " + Durations.text(limit.per()) + ", at most " + limit.burst() + " at once,";
    }

    // ---- what the route does

    private void act(Route route, ImaginedRequest request) {
        RouteAction action = route.action();
        if (action instanceof RouteAction.Respond respond) {
            lines.say("answer", respond.status() + " of the route");
        } else if (action instanceof RouteAction.Redirect redirect) {
            lines.say(
                    "answer",
                    redirect.status() + " to "
                            + redirect.location().of(placeholder -> request.value(placeholder, route)));
        } else if (action instanceof RouteAction.Forward forward) {
            forward(route, forward.backend(), request);
        } else {
            lines.say("answer", "404 no_such_route");
        }
    }

    private static @Nullable String host(LoadBalancer balancer) {
        SentHost host = balancer.backend().config().host();
        if (host instanceof SentHost.Named other) {
            return other.host();
        }
        return host instanceof SentHost.OfServer && !balancer.candidates().isEmpty()
                ? balancer.candidates().get(0).host()
                : null;
    }

    private void forward(Route route, BackendName name, ImaginedRequest request) {
        String named = name.forHost(request.host());
        LoadBalancer balancer = routing.backends().get(named);
        if (balancer == null) {
            lines.say("backend", "none is called " + named);
            lines.say("answer", "404 no_such_site");
            return;
        }
        if (!Servers.say(lines, balancer, request.affinity(), certificates != null)) {
            lines.say("answer", "503 none_available");
            return;
        }
        Configuration.Backend config = balancer.backend().config();
        Timeouts timeouts = route.settings().timeouts().over(routing.timeouts());
        lines.say(
                "timeouts",
                "connect " + Durations.text(timeouts.connect()) + ", response " + Durations.text(timeouts.response()));
        StickyCookie sticky = balancer.sticky();
        String sent = request.sent(route, host(balancer), sticky == null ? null : sticky.name());
        lines.say(
                "sent",
                (config.protocol() == ServerProtocol.H2C ? "over HTTP/2, what in HTTP/1.1 is" : "over HTTP/1.1")
                        + (config.tls() == null ? "" : ", over TLS")
                        + (config.proxyProtocol() ? ", after a PROXY header" : ""));
        sent.strip().lines().forEach(line -> lines.say("sent", "  " + line));
        if (request.leftOut() > 0) {
            lines.say(
                    "sent", "  without " + request.leftOut() + " headers whose names are not kept (keep-header-names)");
        }
    }
}
