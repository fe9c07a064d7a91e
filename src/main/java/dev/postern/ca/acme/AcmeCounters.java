package dev.postern.ca.acme;

/**
 * What {@link AcmeServer} has done since it started.
 *
 * @param accounts created, not counting those found again
 * @param validations finished, with whatever result
 */
public record AcmeCounters(long accounts, long orders, long validations, long certificates, long revocations) {}
