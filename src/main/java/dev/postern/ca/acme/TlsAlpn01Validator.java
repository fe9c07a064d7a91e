package dev.postern.ca.acme;

import dev.postern.config.Addresses;
import dev.postern.pki.AnyCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.bouncycastle.asn1.ASN1OctetString;

/**
 * <a href="https://datatracker.ietf.org/doc/html/rfc8737">RFC 8737</a>: a handshake for {@code acme-tls/1} is answered
 * with a certificate that holds the digest.
 *
 * @param port stands in for port 443 of every server
 * @param timeout for each address, of the connection and of each read
 */
record TlsAlpn01Validator(NameResolver resolver, int port, Duration timeout) {
    private static final String PROTOCOL = "acme-tls/1";
    private static final String IDENTIFIER = "1.3.6.1.5.5.7.1.31"; // id-pe-acmeIdentifier

    /** Waits for the network. */
    Optional<Problem> validate(String name, String keyAuthorization) {
        List<InetAddress> addresses;
        try {
            addresses = resolver.resolve(name);
        } catch (UnknownHostException e) {
            addresses = List.of();
        }
        String last = "";
        for (InetAddress address : addresses) {
            try {
                return check(name, keyAuthorization, certificate(name, address));
            } catch (IOException e) {
                last = address.getHostAddress() + ":" + port + ": " + e.getMessage();
            }
        }
        return addresses.isEmpty()
                ? failed(name, ProblemType.DNS, "no address for " + name)
                : failed(name, ProblemType.CONNECTION, last);
    }

    private X509Certificate certificate(String name, InetAddress address) throws IOException {
        int millis = (int) timeout.toMillis();
        try (Socket plain = new Socket()) {
            plain.connect(new InetSocketAddress(address, port), millis);
            plain.setSoTimeout(millis);
            try (SSLSocket socket =
                    // Self-signed: what it says is checked, not who signed it.
                    (SSLSocket) AnyCertificate.context()
                            .getSocketFactory()
                            .createSocket(plain, serverName(name), port, true)) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setApplicationProtocols(new String[] {PROTOCOL});
                parameters.setServerNames(List.of(new SNIHostName(serverName(name))));
                socket.setSSLParameters(parameters);
                socket.startHandshake();
                if (!PROTOCOL.equals(socket.getApplicationProtocol())) {
                    throw new IOException(
                            "speaks \"" + socket.getApplicationProtocol() + "\" (expected: " + PROTOCOL + ")");
                }
                return (X509Certificate) socket.getSession().getPeerCertificates()[0];
            }
        }
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8738#section-6">RFC 8738 §6</a>. */
    private static String serverName(String name) {
        InetAddress address = Addresses.literal(name);
        return address == null ? name : Addresses.reverseName(address);
    }

    /** As a dNSName, or as an iPAddress, whose text is Java's. */
    private static boolean isOf(String name, List<?> alternative) {
        InetAddress address = Addresses.literal(name);
        return alternative.equals(address == null ? List.of(2, name) : List.of(7, address.getHostAddress()));
    }

    private static Optional<Problem> check(String name, String keyAuthorization, X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            boolean isItsOwn = names != null
                    && names.size() == 1
                    && isOf(name, names.iterator().next());
            if (!isItsOwn) {
                return failed(
                        name,
                        ProblemType.UNAUTHORIZED,
                        "certificate is for " + names + " (expected: only " + name + ")");
            }
        } catch (CertificateParsingException e) {
            return failed(name, ProblemType.UNAUTHORIZED, "certificate has unreadable names");
        }
        byte[] extension = certificate.getExtensionValue(IDENTIFIER);
        if (extension == null || !certificate.getCriticalExtensionOIDs().contains(IDENTIFIER)) {
            return failed(name, ProblemType.UNAUTHORIZED, "certificate has no critical acmeIdentifier extension");
        }
        byte[] digest;
        try {
            digest = ASN1OctetString.getInstance(
                            ASN1OctetString.getInstance(extension).getOctets())
                    .getOctets();
        } catch (IllegalArgumentException e) {
            digest = new byte[0];
        }
        return MessageDigest.isEqual(digest, Dns01Validator.digest(keyAuthorization))
                ? Optional.empty()
                : failed(name, ProblemType.UNAUTHORIZED, "acmeIdentifier is not the digest of the key authorization");
    }

    private static Optional<Problem> failed(String name, ProblemType type, String why) {
        return Optional.of(Problem.about(name, type, why));
    }
}
