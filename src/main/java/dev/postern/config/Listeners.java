package dev.postern.config;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** @param admin null where there is none */
public record Listeners(
        Http http,
        Https https,
        Challenge challenge,
        @Nullable Admin admin) {
    /**
     * Where plaintext HTTP is accepted.
     *
     * @param redirect the status of the redirect to HTTPS; empty where the listener serves the sites in plaintext
     * @param proxyProtocol whose connections begin with a PROXY header
     */
    public record Http(
            List<BindAddress> bind, @InFile(absent = "off") OptionalInt redirect, List<AddressRange> proxyProtocol) {}

    /**
     * Where TLS is accepted.
     *
     * @param protocols what is agreed on by ALPN, the preferred one first
     * @param proxyProtocol whose connections begin with a PROXY header
     */
    public record Https(List<BindAddress> bind, List<Protocol> protocols, List<AddressRange> proxyProtocol) {
        public static final List<Protocol> DEFAULT_PROTOCOLS = List.of(Protocol.HTTP_2, Protocol.HTTP_1_1);
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
     */
    public record Admin(List<BindAddress> bind, List<String> hosts, Ready ready) {}

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
