package dev.postern.explain;

import dev.postern.pki.Certificate;
import org.jspecify.annotations.Nullable;

/** What clients are shown now. Any thread. */
@FunctionalInterface
public interface ShownCertificates {
    /** Null where there is nothing to show for this lower-case name. */
    @Nullable Certificate of(String serverName);
}
