package dev.postern.certificate.policy;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What became of an attempt that brought no certificate.
 *
 * @param pauses issuer → when it wants to hear of this site again
 * @param blaming the issuers that found fault with the names
 */
public record FailedAttempt(IssueFailure failure, Map<String, Instant> pauses, List<String> blaming) {
    public static FailedAttempt of(Fault fault, String message) {
        return new FailedAttempt(new IssueFailure(fault, message, null), Map.of(), List.of());
    }

    public static FailedAttempt at(String issuer, IssueFailure failure) {
        return new FailedAttempt(
                failure,
                failure.retryAfter().map(until -> Map.of(issuer, until)).orElse(Map.of()),
                failure.fault() == Fault.NAME ? List.of(issuer) : List.of());
    }

    /** Two issuers failed: the operator hears of both, and a CA that found fault with the name is counted. */
    public FailedAttempt and(FailedAttempt next) {
        Fault fault = failure.fault() == Fault.NAME ? Fault.NAME : next.failure.fault();
        String message = failure.getMessage() + "; and " + next.failure.getMessage();
        Map<String, Instant> both = new HashMap<>(pauses);
        both.putAll(next.pauses);
        TreeSet<String> all = new TreeSet<>(blaming);
        all.addAll(next.blaming);
        Map<String, String> names = new LinkedHashMap<>(failure.blamed());
        next.failure.blamed().forEach(names::putIfAbsent);
        return new FailedAttempt(new IssueFailure(fault, message, next.failure).blaming(names), both, List.copyOf(all));
    }
}
