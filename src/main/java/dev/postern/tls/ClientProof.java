package dev.postern.tls;

import dev.postern.config.ClientCertificates.Mode;
import dev.postern.identity.ClientFault;
import dev.postern.identity.Judgement;
import dev.postern.identity.LiveAuthority;
import io.netty.handler.ssl.OpenSslCertificateException;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Judges the certificates of clients in handshakes, and, where one is required, ends those by which nobody proves anything. Who
 * was judged in a handshake that goes on is remembered until it is over. Any thread.
 */
final class ClientProof extends X509ExtendedTrustManager {
    // What the library makes an alert of, as OpenSSL numbers it: X509_V_ERR_….
    private static final int NOT_YET_VALID = 9;
    private static final int EXPIRED = 10;
    private static final int CRL_EXPIRED = 12;
    private static final int UNKNOWN_ISSUER = 20;
    private static final int CHAIN_TOO_LONG = 22;
    private static final int REVOKED = 23;
    private static final int INVALID_CA = 24;
    private static final int INVALID_PURPOSE = 26;
    private static final int REJECTED = 28;
    private static final int NO_CRL = 3;

    private final LiveAuthority authority;
    private final List<X509Certificate> issuers;
    private final Mode mode;
    private final Map<SSLEngine, Judgement> judged = Collections.synchronizedMap(new WeakHashMap<>());

    /** @param issuers that clients are told of */
    ClientProof(LiveAuthority authority, List<X509Certificate> issuers, Mode mode) {
        this.authority = authority;
        this.issuers = issuers;
        this.mode = mode;
    }

    /** What came of the handshake of {@code engine}, once; null where nobody was judged in it. */
    @Nullable Judgement take(SSLEngine engine) {
        return judged.remove(engine);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        Judgement judgement = authority.judge(List.of(chain));
        if (judgement.fault() != null && mode == Mode.REQUIRE) {
            throw refused(judgement.fault(), chain[0]);
        }
        judged.put(engine, judgement);
    }

    private static CertificateException refused(ClientFault fault, X509Certificate leaf) {
        return new OpenSslCertificateException(
                "client certificate refused: " + fault.reason() + ": " + leaf.getSubjectX500Principal(), error(fault));
    }

    private static int error(ClientFault fault) {
        return switch (fault) {
            case UNKNOWN_CA -> UNKNOWN_ISSUER;
            case TOO_DEEP -> CHAIN_TOO_LONG;
            case EXPIRED -> EXPIRED;
            case NOT_YET_VALID -> NOT_YET_VALID;
            case WRONG_USAGE -> INVALID_PURPOSE;
            case NOT_A_CA -> INVALID_CA;
            case REVOKED -> REVOKED;
            case CRL_MISSING -> NO_CRL;
            case CRL_EXPIRED -> CRL_EXPIRED;
            case NOT_ACCEPTED -> REJECTED;
        };
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return issuers.toArray(X509Certificate[]::new);
    }

    // ---- asked without a connection, or by clients: never

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("of no connection");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("of no engine");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("of a server");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("of a server");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("of a server");
    }
}
