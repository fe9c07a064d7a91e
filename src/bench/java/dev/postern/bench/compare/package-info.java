/**
 * The same job done by HAProxy, nginx, Caddy and Postern, measured side by side: {@code src/bench/compare}. Uses nothing of
 * Postern's classes, so that any build of it can be measured.
 */
package dev.postern.bench.compare;
