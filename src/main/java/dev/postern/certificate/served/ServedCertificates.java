package dev.postern.certificate.served;

import dev.postern.config.Addresses;
import java.io.IOException;
import java.security.cert.X509Certificate;

/** What a client sees: a handshake with our own listener. Blocking; never on an event loop. */
public interface ServedCertificates {
    /**
     * The leaf that is presented to a client that asks for {@code serverName}; for an address, to one that comes to it
     * and names no server.
     *
     * @throws IOException one line: there was no handshake, and why
     */
    X509Certificate leaf(String serverName) throws IOException;

    /**
     * The same to a client that can do with keys of RSA only, where there are two certificates.
     *
     * @throws IOException as {@link #leaf}
     */
    default X509Certificate leafOfRsa(String serverName) throws IOException {
        return leaf(serverName);
    }

    /** Whether that can be found out from here: for an address where it is one of this host's only. */
    default boolean mayAsk(String serverName) {
        return !Addresses.isAddress(serverName);
    }
}
