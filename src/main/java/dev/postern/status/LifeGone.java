package dev.postern.status;

import dev.postern.certificate.care.CertificateStatus;
import java.time.Duration;
import java.time.Instant;

/** How much of the life of a certificate is over: the one figure that means the same for six days and for a year. */
public final class LifeGone {
    private LifeGone() {}

    /** Between 0 and 1; NaN where there is no certificate, nor one that stands in. */
    public static double of(CertificateStatus status, Instant now) {
        Instant begins = status.begins();
        Instant ends = status.ends();
        return begins == null || ends == null ? Double.NaN : part(begins, ends, now);
    }

    /** Where {@code at} lies in the life, between 0 and 1. */
    public static double part(Instant begins, Instant ends, Instant at) {
        double life = Duration.between(begins, ends).toMillis();
        return life <= 0
                ? 1
                : Math.max(0, Math.min(1, Duration.between(begins, at).toMillis() / life));
    }
}
