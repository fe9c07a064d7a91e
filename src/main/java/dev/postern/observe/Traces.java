package dev.postern.observe;

import dev.postern.config.Tracing;

/**
 * Which requests are traced, and where their spans go. Immutable.
 *
 * @param spans takes those that are told
 */
public record Traces(Tracing config, AccessLog spans) {}
