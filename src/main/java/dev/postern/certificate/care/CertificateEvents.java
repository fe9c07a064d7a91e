package dev.postern.certificate.care;

import dev.postern.certificate.issuer.IssueFailure.Fault;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Told of what happens to certificates, on any thread but an event loop's; returns at once and does not throw. */
public interface CertificateEvents {
    /** The one that does nothing. */
    CertificateEvents NONE = new CertificateEvents() {};

    /**
     * A certificate was installed and is served.
     *
     * @param folder of the generation; null where it is served from memory, for the disk refused it
     */
    record Renewed(
            String site,
            List<String> names,
            String issuer,
            String serial,
            Instant notBefore,
            Instant notAfter,
            @Nullable String folder) {}

    /**
     * An attempt failed.
     *
     * @param failures in a row
     * @param notAfter of the certificate that is served; null where there is none
     */
    record Failed(
            String site,
            List<String> names,
            Fault fault,
            String message,
            int failures,
            @Nullable Instant nextAttempt,
            @Nullable Instant notAfter) {}

    /**
     * A renewal is overdue: it failed for so long that somebody should look. Told once a day until it is renewed.
     *
     * @param notAfter null where the site never had a certificate
     */
    record Overdue(
            String site,
            List<String> names,
            @Nullable String lastFailure,
            int failures,
            @Nullable Instant notAfter) {}

    @SuppressWarnings("unused")
    default void renewed(Renewed event) {}

    @SuppressWarnings("unused")
    default void failed(Failed event) {}

    @SuppressWarnings("unused")
    default void overdue(Overdue event) {}
}
