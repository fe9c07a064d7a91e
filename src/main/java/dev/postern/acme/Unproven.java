package dev.postern.acme;

import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.config.ChallengeType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * That some names of an order could not be proven, and what may be tried instead.
 *
 * @param names those whose validation failed, one for each time
 * @param failed the ways that are not tried again
 * @param offers for each authorization that was open: what the CA takes for it and would make a difference
 * @param orderEnded whether the order is of no more use
 */
record Unproven(
        IssueFailure failure,
        List<String> names,
        Set<ChallengeType> failed,
        List<Set<ChallengeType>> offers,
        boolean orderEnded) {
    /** The solvers that are left, where between them they can prove every name; none otherwise. */
    List<ChallengeSolver> others(List<ChallengeSolver> solvers) {
        List<ChallengeSolver> left = solvers.stream()
                .filter(solver -> !failed.contains(solver.type()))
                .toList();
        boolean enough =
                offers.stream().allMatch(offered -> left.stream().anyMatch(solver -> offered.contains(solver.type())));
        return enough ? left : List.of();
    }

    /** This one, then another one. */
    Unproven and(Unproven next) {
        return new Unproven(
                followedBy(next.failure()), both(names, next.names()), next.failed(), next.offers(), next.orderEnded());
    }

    /** Both in one line; the first one says whose fault it is, the last one when the CA will hear us again. */
    IssueFailure followedBy(IssueFailure next) {
        Fault fault = failure.fault() == Fault.NAME ? Fault.NAME : next.fault();
        IssueFailure both = new IssueFailure(
                fault,
                failure.getMessage() + "; and then: " + next.getMessage(),
                next.retryAfter().or(failure::retryAfter).orElse(null),
                next);
        Map<String, String> blamed = new LinkedHashMap<>(next.blamed());
        if (next.blamed().isEmpty()) {
            blamed.putAll(failure.blamed());
        }
        return IssueFailure.ofValidation(both.holding(next.hold()), both(names, next.invalid()))
                .blaming(blamed);
    }

    private static List<String> both(List<String> first, List<String> second) {
        List<String> both = new ArrayList<>(first);
        both.addAll(second);
        return List.copyOf(both);
    }
}
