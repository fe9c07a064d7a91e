package dev.postern.certificate;

import java.io.IOException;
import java.security.cert.X509Certificate;

/** What a client sees: a handshake with our own listener. Blocking; never on an event loop. */
public interface ServedCertificates {
    /**
     * The leaf that is presented to a client that asks for {@code serverName}.
     *
     * @throws IOException one line: there was no handshake, and why
     */
    X509Certificate leaf(String serverName) throws IOException;
}
