package dev.postern.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where traces go.
 *
 * @param to of OTLP over HTTP, such as {@code http://127.0.0.1:4318/v1/traces}
 * @param samplePerMille of those that begin here so many in a thousand are told
 * @param service what we are called
 * @param query whether the query of a request is told as well
 * @param tokenFile what is said of us as a bearer token; null where nothing is
 */
public record Tracing(
        String to,
        @InFile(key = "sample") int samplePerMille,
        String service,
        boolean query,
        @Nullable Path tokenFile) {}
