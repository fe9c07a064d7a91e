package dev.postern.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What the configuration file says, shaped like the file, complete (defaults filled in) and checked. Immutable.
 *
 * <p>Made by {@link ConfigurationFile}; the records hold values and small derived values, no behaviour.
 */
public record Configuration(
        Listeners listeners,
        Tls tls,
        Acme acme,
        List<Site> sites,
        Map<String, Backend> backends,
        List<AddressRange> trustedProxies,
        Timeouts timeouts,
        Limits limits,
        Duration grace) {

    public record Listeners(Http http, Https https, Challenge challenge) {}

    /**
     * Where plaintext HTTP is accepted.
     *
     * @param redirect the status of the redirect to HTTPS; empty where the listener serves the sites in plaintext
     */
    public record Http(List<BindAddress> bind, OptionalInt redirect) {}

    public record Https(List<BindAddress> bind) {}

    /** The side port: HTTP-01 is answered here, and the {@code http} listener relays to it. */
    public record Challenge(List<BindAddress> bind) {}

    public record Tls(TlsVersion minVersion, TlsProfile profile) {}

    public enum TlsVersion {
        TLS_1_2("TLSv1.2"),
        TLS_1_3("TLSv1.3");

        private final String text;

        TlsVersion(String text) {
            this.text = text;
        }

        /** As in the file, and as the JDK and Netty call it. */
        public String text() {
            return text;
        }
    }

    /** Mozilla's names, <a href="https://wiki.mozilla.org/Security/Server_Side_TLS">Server Side TLS 5.7</a>. */
    public enum TlsProfile {
        MODERN,
        INTERMEDIATE
    }

    /**
     * Who certifies the sites, and where what they certified is kept.
     *
     * @param email null only where no site gets its certificate over ACME
     */
    public record Acme(
            @Nullable String email, boolean agreeToTerms, List<Issuer> issuers, KeyType keyType, Path store) {
        /** Those of the issuers that may certify every name of the site, in their order; none where it brings its files. */
        public List<Issuer> issuersFor(Site site) {
            return site.certificate() != null
                    ? List.of()
                    : issuers.stream()
                            .filter(issuer -> site.names().stream().allMatch(name -> mayCertify(issuer, name)))
                            .toList();
        }

        /**
         * Whether {@code issuer}, one of these, may certify the name. Beside another CA the internal one is for the names which that
         * CA cannot certify over HTTP-01: a public site that cannot get its certificate for an hour must not get one for a
         * week that nobody trusts.
         */
        public boolean mayCertify(Issuer issuer, String name) {
            return issuer instanceof Issuer.AcmeDirectory acme
                    ? acme.mayCertify(name)
                    : issuers.size() == 1 || HostName.isWildcard(name) || !PublicNames.mayBePublic(name);
        }
    }

    /** A CA. {@link #name} is also the name of its folder under {@code certs/accounts/}. */
    public sealed interface Issuer {
        String name();

        /** A CA reached over ACME. */
        record AcmeDirectory(
                String name, URI directory, @Nullable Path caFile) implements Issuer {
            /** A wildcard needs DNS-01; a name that the public DNS does not know cannot be certified by a public CA. */
            public boolean mayCertify(String serverName) {
                return !HostName.isWildcard(serverName)
                        && (!PublicCas.isPublic(directory) || PublicNames.mayBePublic(serverName));
            }
        }

        /** The CA inside this process, for names that no public CA may certify. */
        record Internal() implements Issuer {
            @Override
            public String name() {
                return "internal";
            }
        }
    }

    public enum KeyType {
        EC_P256("ec-p256"),
        EC_P384("ec-p384"),
        RSA_2048("rsa-2048"),
        RSA_3072("rsa-3072"),
        RSA_4096("rsa-4096");

        private final String text;

        KeyType(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /**
     * Host names that share a certificate and routes.
     *
     * @param names lower-case ASCII (IDNA A-labels), no trailing dot; the first one names the certificate. A name may
     *     be a wildcard, {@code *.example.com}, which stands for exactly one label.
     * @param certificate null where the certificate comes from an issuer
     */
    public record Site(
            List<String> names,
            List<Route> routes,
            @Nullable CertificateFiles certificate) {
        /** The first name: what the site is called in the store, in logs and by commands. */
        public String name() {
            return names.get(0);
        }
    }

    /**
     * A path prefix and what happens to requests under it.
     *
     * @param path starts with {@code /}; matched as a prefix of whole path segments
     */
    public record Route(String path, Action action) {}

    public sealed interface Action {
        record ToBackend(String backend) implements Action {}

        record Redirect(String location, int status) implements Action {}

        record Respond(int status, String body) implements Action {}
    }

    public record CertificateFiles(Path chain, Path key) {}

    public record Backend(
            String name,
            Balance balance,
            List<Server> servers,
            @Nullable Health health) {}

    public enum Balance {
        ROUND_ROBIN("round-robin"),
        LEAST_CONNECTIONS("least-connections");

        private final String text;

        Balance(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /**
     * One address of a backend.
     *
     * @param host a DNS name or an IP literal without brackets
     * @param weight 1 to 256
     */
    public record Server(String host, int port, int weight) {
        /** {@code host:port} as an operator writes it; an IPv6 address in brackets. */
        public String address() {
            return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
        }
    }

    /**
     * How the servers of a backend are checked.
     *
     * @param path may have a query
     * @param host the Host header of a check; null for the address of the server
     * @param expectFrom lowest status that counts as healthy
     * @param expectTo highest status that counts as healthy
     * @param rise how many good checks bring a server back
     * @param fall how many bad checks take it out
     */
    public record Health(
            String method,
            String path,
            @Nullable String host,
            int expectFrom,
            int expectTo,
            Duration interval,
            Duration timeout,
            int rise,
            int fall) {}

    /** Each is described in config/postern.yaml. */
    public record Timeouts(
            Duration handshake,
            Duration requestHead,
            Duration requestBody,
            Duration keepAlive,
            Duration connect,
            Duration response,
            Duration tunnel) {}

    /**
     * Beyond these a client is refused.
     *
     * @param requestLine bytes; a longer one is answered 414
     * @param head bytes of the whole request head; a longer one is answered 431
     * @param headers how many header fields; more are answered 431
     * @param body bytes of a request body; a larger one is answered 413; empty for no limit
     * @param connections how many client connections at once; empty for as many as the file-descriptor limit allows
     */
    public record Limits(int requestLine, int head, int headers, OptionalLong body, OptionalInt connections) {}
}
