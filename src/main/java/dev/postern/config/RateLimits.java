package dev.postern.config;

/** Whose published rate limits. */
public enum RateLimits {
    LETSENCRYPT,
    LETSENCRYPT_STAGING,
    NONE
}
