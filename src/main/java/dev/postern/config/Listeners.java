package dev.postern.config;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where clients come in.
 *
 * @param furtherHttp by names of their own, as in the file
 * @param furtherHttps the same
 * @param admin null where there is none
 */
public record Listeners(
        Http http,
        Https https,
        @InFile(beside = true) List<Http> furtherHttp,
        @InFile(beside = true) List<Https> furtherHttps,
        Challenge challenge,
        @Nullable Admin admin) {
    /** What the listener of plaintext HTTP is called that is always there. */
    public static final String HTTP = "http";

    /** What the listener of TLS is called that is always there. */
    public static final String HTTPS = "https";

    /** Without any by names of their own. */
    public Listeners(Http http, Https https, Challenge challenge, @Nullable Admin admin) {
        this(http, https, List.of(), List.of(), challenge, admin);
    }

    /** All for plaintext HTTP. */
    public List<Http> allHttp() {
        return Stream.concat(Stream.of(http), furtherHttp.stream()).toList();
    }

    /** All for TLS. */
    public List<Https> allHttps() {
        return Stream.concat(Stream.of(https), furtherHttps.stream()).toList();
    }

    /** Those that sites are served at. */
    public List<String> names() {
        return Stream.concat(
                        allHttp().stream().map(Http::name), allHttps().stream().map(Https::name))
                .toList();
    }

    /** The names of sites that listeners have: only these serve them. */
    public Set<String> namedSites() {
        return Stream.concat(
                        allHttp().stream().map(Http::sites), allHttps().stream().map(Https::sites))
                .flatMap(sites -> sites.named().stream())
                .collect(Collectors.toSet());
    }

    /**
     * Which sites a listener serves.
     *
     * @param named by one of their names; only listeners that name a site serve it
     * @param others whether it serves all that no listener names
     */
    public record Sites(
            @InFile(key = "sites") List<String> named,
            @InFile(key = "sites.others") boolean others) {
        /** What no listener names. */
        public static final Sites OTHERS = new Sites(List.of(), true);

        /**
         * Whether a site of these names is among them.
         *
         * @param claimed as {@link Listeners#namedSites}
         */
        public boolean have(List<String> names, Set<String> claimed) {
            return names.stream().anyMatch(named::contains)
                    || (others && names.stream().noneMatch(claimed::contains));
        }
    }

    /**
     * Where plaintext HTTP is accepted.
     *
     * @param redirect the status of the redirect to HTTPS; empty where the listener serves the sites in plaintext
     * @param proxyProtocol whose connections begin with a PROXY header
     */
    public record Http(
            String name,
            List<BindAddress> bind,
            @InFile(absent = "off") OptionalInt redirect,
            List<AddressRange> proxyProtocol,
            @InFile(beside = true) Sites sites)
            implements Listed {
        /** That which is always there, for all sites. */
        public Http(List<BindAddress> bind, OptionalInt redirect, List<AddressRange> proxyProtocol) {
            this(HTTP, bind, redirect, proxyProtocol, Sites.OTHERS);
        }

        @Override
        public String label() {
            return name;
        }
    }

    /**
     * Where TLS is accepted.
     *
     * @param protocols what is agreed on by ALPN, the preferred one first
     * @param proxyProtocol whose connections begin with a PROXY header
     * @param tls how it is spoken there; null where that is as everywhere
     */
    public record Https(
            String name,
            List<BindAddress> bind,
            List<Protocol> protocols,
            List<AddressRange> proxyProtocol,
            @Nullable Tls tls,
            @InFile(beside = true) Sites sites)
            implements Listed {
        public static final List<Protocol> DEFAULT_PROTOCOLS = List.of(Protocol.HTTP_2, Protocol.HTTP_1_1);

        /** That which is always there, for all sites. */
        public Https(List<BindAddress> bind, List<Protocol> protocols, List<AddressRange> proxyProtocol) {
            this(HTTPS, bind, protocols, proxyProtocol, null, Sites.OTHERS);
        }

        @Override
        public String label() {
            return name;
        }
    }

    /** What clients may speak over TLS. */
    public enum Protocol {
        HTTP_2("h2"),
        HTTP_1_1("http/1.1");

        private final String text;

        Protocol(String text) {
            this.text = text;
        }

        /** As in the file, and as ALPN calls it. */
        public String text() {
            return text;
        }
    }

    /**
     * Where metrics and the like are shown, in plaintext.
     *
     * @param hosts further names that it may be asked for under, besides localhost and addresses
     * @param users who may do something there, and not only look; null for nobody by name
     * @param token whoever has it may as well; null for none
     */
    public record Admin(
            List<BindAddress> bind,
            List<String> hosts,
            Ready ready,
            @InFile(key = "users-file") @Nullable BasicAuth users,
            @InFile(key = "token-file") @Nullable Secret token) {
        /** Whether anybody may do something. */
        public boolean hasOperators() {
            return users != null || token != null;
        }
    }

    /** How many of the sites must have a certificate to serve for {@code /ready} to say so. */
    public enum Ready {
        ALL,
        /** One of them at least. */
        ANY;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The side port: HTTP-01 is answered here, and the {@code http} listener relays to it. */
    public record Challenge(List<BindAddress> bind) {
        /** Loopback only: nobody but the http listener has business at it. */
        public static final BindAddress DEFAULT = new BindAddress(InetAddress.getLoopbackAddress(), 9876);

        /**
         * What of it is to be bound: whatever its operator has named, and its default only where somebody needs it.
         *
         * @param isNeeded whether some site proves its names there
         */
        public List<BindAddress> bind(boolean isNeeded) {
            return isNeeded || !bind.equals(List.of(DEFAULT)) ? bind : List.of();
        }
    }
}
