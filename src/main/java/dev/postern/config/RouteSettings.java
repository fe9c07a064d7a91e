package dev.postern.config;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a site may say for all of its routes, and most of it a route for itself: what a route does not say stands as its
 * site says it. Each is described in config/postern.yaml.
 *
 * @param keepHeaderNames lower-case names of headers that reach servers though such names do not otherwise
 * @param allow empty for everybody
 * @param allowMethods empty for every method
 * @param auth null where nobody has to say who they are
 * @param forwardAuth null where no other server is asked who may come in
 * @param hsts of the site; null for none
 * @param errorPages of the site, by status or class of statuses: {@code 502}, {@code 5xx}
 * @param rateLimit null where clients may make as many requests as they like
 * @param compression null where responses stay as they are
 * @param accessLog of the site; null where it has no word about it
 * @param clientCertificates of the site; null where clients are asked for none
 * @param needsClientCertificate whether a route wants one that is good, of a site that only asks for it
 * @param acmeChallengesPass of the site: whether its servers are asked for tokens of ACME that are not ours
 */
public record RouteSettings(
        EncodedSlashes encodedSlashes,
        DuplicateSlashes duplicateSlashes,
        List<String> keepHeaderNames,
        HeaderEdits requestHeaders,
        HeaderEdits responseHeaders,
        List<AddressRange> allow,
        List<AddressRange> deny,
        Set<String> allowMethods,
        @Nullable BasicAuth auth,
        @Nullable ForwardAuth forwardAuth,
        @Nullable Hsts hsts,
        Map<String, Page> errorPages,
        @Nullable RateLimit rateLimit,
        @Nullable Compression compression,
        @Nullable SiteLog accessLog,
        @Nullable ClientCertificates clientCertificates,
        @InFile(key = "client-certificates") boolean needsClientCertificate,
        boolean acmeChallengesPass,
        RouteTimeouts timeouts,
        RouteLimits limits) {
    /** A site that says nothing. */
    public static final RouteSettings DEFAULT = new RouteSettings(
            EncodedSlashes.REFUSE,
            DuplicateSlashes.MERGE,
            List.of(),
            HeaderEdits.NONE,
            HeaderEdits.NONE,
            List.of(),
            List.of(),
            Set.of(),
            null,
            null,
            null,
            Map.of(),
            null,
            null,
            null,
            null,
            false,
            false,
            RouteTimeouts.NONE,
            RouteLimits.NONE);

    public RouteSettings with(RouteTimeouts otherTimeouts, RouteLimits otherLimits) {
        return new RouteSettings(
                encodedSlashes,
                duplicateSlashes,
                keepHeaderNames,
                requestHeaders,
                responseHeaders,
                allow,
                deny,
                allowMethods,
                auth,
                forwardAuth,
                hsts,
                errorPages,
                rateLimit,
                compression,
                accessLog,
                clientCertificates,
                needsClientCertificate,
                acmeChallengesPass,
                otherTimeouts,
                otherLimits);
    }

    /** Whether nobody gets in without a certificate that is good. */
    public boolean requiresClientCertificate() {
        return needsClientCertificate
                || (clientCertificates != null && clientCertificates.mode() == ClientCertificates.Mode.REQUIRE);
    }

    /** What becomes of a path with {@code %2F} or {@code %5C}. */
    public enum EncodedSlashes {
        REFUSE("refuse"),
        KEEP("keep");

        private final String text;

        EncodedSlashes(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** What a server is sent of slashes that follow each other. */
    public enum DuplicateSlashes {
        MERGE("merge"),
        KEEP("keep");

        private final String text;

        DuplicateSlashes(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }
}
