package dev.postern.trust;

import java.security.cert.CertificateException;
import org.jspecify.annotations.Nullable;

/** A server did not prove who it is; the message says what is wrong, and what would be done about it. */
final class Untrusted extends CertificateException {
    private static final long serialVersionUID = 1;

    Untrusted(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
