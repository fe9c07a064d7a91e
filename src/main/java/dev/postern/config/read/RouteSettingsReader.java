package dev.postern.config.read;

import dev.postern.config.AddressRange;
import dev.postern.config.ClientCertificates;
import dev.postern.config.Configuration.Backend;
import dev.postern.config.ForwardAuth;
import dev.postern.config.HeaderEdits;
import dev.postern.config.Hsts;
import dev.postern.config.Page;
import dev.postern.config.RouteSettings;
import dev.postern.config.RouteSettings.DuplicateSlashes;
import dev.postern.config.RouteSettings.EncodedSlashes;
import dev.postern.config.Scalar;
import dev.postern.config.SiteLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the keys that a site and a route have in common, and those of a site that concern all its answers. */
final class RouteSettingsReader {
    static final List<String> KEYS = List.of(
            "encoded-slashes",
            "duplicate-slashes",
            "keep-header-names",
            "request-headers",
            "response-headers",
            "allow",
            "deny",
            "allow-methods",
            "auth",
            "forward-auth",
            "rate-limit",
            "compression",
            "client-certificates",
            "timeouts",
            "limits");
    static final List<String> SITE_KEYS =
            Section.keys(KEYS, List.of("hsts", "error-pages", "acme-challenges", "access-log"));

    private static final Scalar<EncodedSlashes> ENCODED_SLASHES =
            Scalar.oneOf(List.of(EncodedSlashes.values()), EncodedSlashes::text);
    private static final Scalar<DuplicateSlashes> DUPLICATE_SLASHES =
            Scalar.oneOf(List.of(DuplicateSlashes.values()), DuplicateSlashes::text);

    private static final Scalar<Boolean> ACME_CHALLENGES =
            Scalar.oneOf(Map.of("own", false, "pass", true), "own or pass");

    private RouteSettingsReader() {}

    static RouteSettings ofSite(Section site, Map<String, Backend> backends) {
        return read(
                site,
                backends,
                RouteSettings.DEFAULT,
                ClientCertificatesReader.ofSite(site),
                false,
                AnswersReader.hsts(site),
                AnswersReader.errorPages(site),
                AccessLogReader.ofSite(site),
                site.get("acme-challenges", ACME_CHALLENGES, false));
    }

    static RouteSettings ofRoute(Section route, Map<String, Backend> backends, RouteSettings site) {
        return read(
                route,
                backends,
                site,
                site.clientCertificates(),
                ClientCertificatesReader.ofRoute(route, site.clientCertificates()),
                site.hsts(),
                site.errorPages(),
                site.accessLog(),
                site.acmeChallengesPass());
    }

    private static RouteSettings read(
            Section at,
            Map<String, Backend> backends,
            RouteSettings inherited,
            @Nullable ClientCertificates clientCertificates,
            boolean needsClientCertificate,
            @Nullable Hsts hsts,
            Map<String, Page> errorPages,
            @Nullable SiteLog accessLog,
            boolean acmeChallengesPass) {
        HeaderEdits requestHeaders = HeaderEditsReader.read(at, "request-headers", FieldText.Use.REQUEST);
        HeaderEdits responseHeaders = HeaderEditsReader.read(at, "response-headers", FieldText.Use.RESPONSE);
        if (hsts != null && responseHeaders.concern("strict-transport-security")) {
            at.place("response-headers")
                    .problem("has Strict-Transport-Security, which hsts of the site says (expected: one of the two)");
        }
        List<String> ofCertificates = clientCertificates == null ? List.of() : clientCertificates.names();
        for (String name : ofCertificates) {
            if (requestHeaders.concern(name)) {
                at.place("request-headers")
                        .problem("has " + name
                                + ", which client-certificates of the site says (expected: one of the two)");
            }
        }
        HeaderEdits requestEdits = requestHeaders.over(inherited.requestHeaders());
        ForwardAuth forwardAuth = ForwardAuthReader.read(at, backends, inherited.forwardAuth());
        ForwardAuthReader.requireNobodyElse(at, forwardAuth, requestEdits);
        Set<String> methods = ConditionsReader.methods(at.find("allow-methods"));
        return new RouteSettings(
                at.get("encoded-slashes", ENCODED_SLASHES, inherited.encodedSlashes()),
                at.get("duplicate-slashes", DUPLICATE_SLASHES, inherited.duplicateSlashes()),
                keptNames(at, inherited.keepHeaderNames(), requestEdits, forwardAuth, ofCertificates),
                requestEdits,
                responseHeaders.over(inherited.responseHeaders()),
                ranges(at.find("allow"), inherited.allow()),
                ranges(at.find("deny"), inherited.deny()),
                methods.isEmpty() ? inherited.allowMethods() : methods,
                AuthReader.read(at, inherited.auth()),
                forwardAuth,
                hsts,
                errorPages,
                RateLimitReader.read(at, inherited.rateLimit()),
                CompressionReader.read(at, inherited.compression()),
                accessLog,
                clientCertificates,
                needsClientCertificate,
                acmeChallengesPass,
                LimitsReader.ownTimeouts(at).over(inherited.timeouts()),
                LimitsReader.ownLimits(at).over(inherited.limits()));
    }

    /**
     * @param edits what is done to headers; of what they are about no other spelling may pass
     * @param ofCertificates lower-case names of headers that tell of certificates, of which none may, either
     */
    private static List<String> keptNames(
            Section at,
            List<String> inherited,
            HeaderEdits edits,
            @Nullable ForwardAuth auth,
            List<String> ofCertificates) {
        Value value = at.find("keep-header-names");
        List<String> names = inherited;
        if (value != null) {
            names = new ArrayList<>();
            for (Value item : value.itemsOrOne("a list of header names such as [api_key]")) {
                String name = item.text("the name of a header");
                if (name != null) {
                    names.add(FieldText.keptName(item, name));
                }
            }
        }
        for (String name : names) {
            if (value != null && ofCertificates.contains(FieldText.plain(name))) {
                value.problem("a server might take " + name + " for " + FieldText.plain(name)
                        + ", which client-certificates of the site says (expected: another header)");
            }
            if (auth != null && (value != null || at.has("forward-auth")) && auth.copies(FieldText.plain(name))) {
                at.place(value == null ? "forward-auth" : "keep-header-names")
                        .problem("a server might take " + name + " for " + FieldText.plain(name)
                                + ", which forward-auth says (expected: another header)");
            }
            if ((value != null || at.has("request-headers")) && edits.concern(FieldText.plain(name))) {
                at.place("request-headers")
                        .problem("a server might take " + name + ", which keep-header-names lets through, for "
                                + FieldText.plain(name) + " (expected: one of the two)");
            }
        }
        return List.copyOf(names);
    }

    private static List<AddressRange> ranges(@Nullable Value value, List<AddressRange> inherited) {
        if (value == null) {
            return inherited;
        }
        List<AddressRange> ranges = new ArrayList<>();
        for (Value item : value.itemsOrOne("a list such as [10.0.0.0/8]")) {
            AddressRange range = item.read(AddressesReader.RANGE);
            if (range != null) {
                ranges.add(range);
            }
        }
        return List.copyOf(ranges);
    }
}
