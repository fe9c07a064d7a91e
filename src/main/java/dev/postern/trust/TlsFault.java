package dev.postern.trust;

import dev.postern.wire.Failure.ByServer;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Why a handshake with a server came to nothing, as a reason and in words that an operator can act on.
 *
 * @param why behind {@code connect: }
 */
public record TlsFault(ByServer failure, String why) {
    static TlsFault notAgreed(@Nullable String chosen) {
        return new TlsFault(
                ByServer.TLS_HANDSHAKE_FAILED,
                "TLS: the server does not agree to h2 by ALPN"
                        + (chosen == null ? "" : ", but to \"" + chosen + "\"")
                        + " (expected: protocol: http1, or a server with HTTP/2)");
    }

    static TlsFault of(Throwable cause) {
        for (Throwable one = cause; one != null; one = one.getCause()) {
            if (one instanceof Untrusted untrusted) {
                return new TlsFault(
                        ByServer.SERVER_CERTIFICATE_UNTRUSTED, "the server's certificate " + untrusted.getMessage());
            }
            if (one instanceof SslHandshakeTimeoutException) {
                return new TlsFault(ByServer.CONNECT_TIMEOUT, "TLS: no end of the handshake in time");
            }
            if (one instanceof NotSslRecordException) {
                return new TlsFault(
                        ByServer.TLS_HANDSHAKE_FAILED,
                        "TLS: the server answers without it (expected: no tls, or a port where TLS is spoken)");
            }
            if (one instanceof ClosedChannelException) {
                return new TlsFault(
                        ByServer.TLS_HANDSHAKE_FAILED, "TLS: connection closed in the middle of the handshake");
            }
        }
        String alert = alert(cause);
        if (alert != null) {
            return new TlsFault(ByServer.TLS_ALERT_RECEIVED, "TLS: the server ended the handshake: " + alert);
        }
        return new TlsFault(ByServer.TLS_HANDSHAKE_FAILED, "TLS: " + cause.getMessage());
    }

    /**
     * The name of the alert that came (<a href="https://datatracker.ietf.org/doc/html/rfc8446#section-6">RFC 8446 §6</a>), from
     * the words of the JDK, {@code Received fatal alert: bad_certificate}, or of BoringSSL, {@code
     * …:SSLV3_ALERT_BAD_CERTIFICATE}; null where none did.
     */
    private static @Nullable String alert(Throwable cause) {
        for (Throwable one = cause; one != null; one = one.getCause()) {
            String message = String.valueOf(one.getMessage());
            for (String before : new String[] {"fatal alert: ", "SSLV3_ALERT_", "TLSV1_ALERT_"}) {
                int at = message.indexOf(before);
                if (at >= 0) {
                    return message.substring(at + before.length())
                            .toLowerCase(Locale.ROOT)
                            .replaceFirst("[^a-z_].*", "");
                }
            }
        }
        return null;
    }
}
