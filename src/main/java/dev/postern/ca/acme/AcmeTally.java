package dev.postern.ca.acme;

import java.util.EnumMap;
import java.util.Map;

/** How often what was asked, and refused. */
final class AcmeTally {
    private final Map<AcmeRequest, Long> requests = new EnumMap<>(AcmeRequest.class);
    private final Map<ProblemType, Long> refusals = new EnumMap<>(ProblemType.class);

    synchronized void asked(AcmeRequest request) {
        requests.merge(request, 1L, Long::sum);
    }

    synchronized void refused(ProblemType type) {
        refusals.merge(type, 1L, Long::sum);
    }

    synchronized Map<AcmeRequest, Long> requests() {
        return Map.copyOf(requests);
    }

    synchronized Map<ProblemType, Long> refusals() {
        return Map.copyOf(refusals);
    }
}
