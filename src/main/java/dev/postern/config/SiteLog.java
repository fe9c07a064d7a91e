package dev.postern.config;

import org.jspecify.annotations.Nullable;

/**
 * What a site says of its access log for itself.
 *
 * @param own null where no line is written for it
 */
public record SiteLog(@Nullable LogSettings own) {}
