package dev.postern.certificate.issuer;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * When a CA would like a certificate to be renewed,
 * <a href="https://datatracker.ietf.org/doc/html/rfc9773#section-4.2">RFC 9773 §4.2</a>. A window in the past: at once.
 *
 * @param explanation URL of a page for the operator
 * @param askAgain how long from now the CA wants not to be asked; null where it did not say
 */
public record SuggestedWindow(
        Instant start,
        Instant end,
        @Nullable String explanation,
        @Nullable Duration askAgain) {}
