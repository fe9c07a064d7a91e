package dev.postern.certificate.store;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * Of which certificate of a site others were told last, so that a stop or a crash between an installation and the telling
 * loses nothing. Until {@link #expect}, nobody is waiting to be told.
 */
public interface ToldRenewal {
    /** Before the first telling of all: from now on a certificate that is not told counts as {@link #missed}. */
    void expect() throws IOException;

    /** This certificate was told. */
    void told(String serial) throws IOException;

    /**
     * A certificate that is installed and was not told.
     *
     * @param folder where the generation is, as others read it
     */
    record Untold(String issuer, String serial, Instant notBefore, Instant notAfter, String folder) {}

    /**
     * The certificate that is current, where it is another one than was told.
     *
     * @throws IOException one line: where, and what is wrong with it
     */
    Optional<Untold> missed() throws IOException;
}
