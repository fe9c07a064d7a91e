package dev.postern.acme;

import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.store.NotLeader;
import dev.postern.config.ChallengeType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Challenge;
import org.shredzone.acme4j.challenge.TokenChallenge;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.shredzone.acme4j.toolbox.JSON;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proves the names of one order, each in the first way that the CA offers for it
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.5.1">RFC 8555 §7.5.1</a>). Every answer is shown
 * before the CA is told of the first one: a name and its wildcard are proven by two TXT records under one name.
 */
final class Proof {
    private static final Logger LOG = LoggerFactory.getLogger(Proof.class);

    /** So many failed names of an order are told of in one line. */
    private static final int FAILURES_SHOWN = 5;

    /** What another way of proving the same name cannot mend. */
    private static final Set<Refusal> HOPELESS =
            EnumSet.of(Refusal.CAA, Refusal.REJECTED_IDENTIFIER, Refusal.RATE_LIMITED);

    private static final Set<ChallengeType> BY_ADDRESS = EnumSet.of(ChallengeType.HTTP_01, ChallengeType.TLS_ALPN_01);

    private final String site;
    private final Login login;
    private final Conversation conversation;
    private final Order order;
    private final List<ChallengeSolver> solvers;
    private final List<Open> open = new ArrayList<>();
    private @Nullable ChallengeType provenBy;

    /** An authorization that waits for us. */
    private static final class Open {
        final Authorization authorization;
        final String name;
        final Map<ChallengeType, JSON> offered;
        final ChallengeSolver solver;
        final TokenChallenge challenge;
        final ChallengeAnswer answer;

        Open(
                Authorization authorization,
                String name,
                Map<ChallengeType, JSON> offered,
                ChallengeSolver solver,
                TokenChallenge challenge,
                ChallengeAnswer answer) {
            this.authorization = authorization;
            this.name = name;
            this.offered = offered;
            this.solver = solver;
            this.challenge = challenge;
            this.answer = answer;
        }

        String type() {
            return solver.type().text();
        }
    }

    Proof(String site, Login login, Conversation conversation, Order order, List<ChallengeSolver> solvers) {
        this.site = site;
        this.login = login;
        this.conversation = conversation;
        this.order = order;
        this.solvers = solvers;
    }

    /** What proved the names, now or in an order before; null where the CA does not say. */
    @Nullable ChallengeType provenBy() {
        return provenBy;
    }

    /**
     * Returns when the CA has found every name proven.
     *
     * @return null then; otherwise what is in the way
     */
    @Nullable Unproven prove() throws IssueFailure, AcmeException, IOException, InterruptedException {
        for (Authorization authorization : order.getAuthorizations()) {
            conversation.patiently(authorization::fetch);
            if (authorization.getStatus() == Status.VALID) {
                noteProof(authorization);
            } else {
                open.add(choose(authorization));
            }
        }
        List<Open> shown = new ArrayList<>();
        boolean interrupted = false;
        try {
            for (Open one : open) {
                shown.add(one);
                try {
                    one.solver.present(one.answer);
                } catch (NotLeader e) {
                    throw e;
                } catch (IOException e) {
                    return notShown(one, e);
                }
            }
            for (Open one : open) {
                trigger(one);
            }
            return watch();
        } catch (InterruptedException | AcmeException | RuntimeException e) {
            interrupted = Failures.isInterrupt(e);
            throw e;
        } finally {
            withdraw(shown, interrupted);
        }
    }

    private Open choose(Authorization authorization) throws IssueFailure {
        String name = Identifiers.name(authorization.getIdentifier());
        name = name.startsWith("*.") ? name.substring(2) : name;
        String label = (authorization.isWildcard() ? "*." : "") + name;
        Map<ChallengeType, JSON> offered = offered(authorization);
        for (ChallengeSolver solver : solvers) {
            JSON json = offered.get(solver.type());
            if (json != null) {
                Challenge challenge = login.createChallenge(json);
                if (!(challenge instanceof TokenChallenge withToken)) {
                    throw new AcmeProtocolException(solver.type().text() + " for " + label + " has no token");
                }
                String keyAuthorization = withToken.getAuthorization();
                ChallengeAnswer answer =
                        new ChallengeAnswer(site, name, json.get("token").asString(), keyAuthorization);
                return new Open(authorization, label, offered, solver, withToken, answer);
            }
        }
        String ways = solvers.stream().map(solver -> solver.type().text()).collect(Collectors.joining(", "));
        String theirs = offered.keySet().stream().map(ChallengeType::text).collect(Collectors.joining(", "));
        String why = "the CA offers no " + ways + " for \"" + label + "\" (offered: "
                + (theirs.isEmpty() ? "nothing that is known here" : theirs)
                + "); sites[].challenges has to name one of these";
        throw new IssueFailure(Fault.NAME, where() + why, null).blaming(Map.of(label, why));
    }

    /** Only what we know is looked at: a challenge of a kind to come must not be in the way of the others. */
    private static Map<ChallengeType, JSON> offered(Authorization authorization) {
        Map<ChallengeType, JSON> offered = new EnumMap<>(ChallengeType.class);
        for (JSON.Value value : authorization.getJSON().get("challenges").asArray()) {
            JSON challenge = value.asObject();
            String type = challenge.get("type").map(JSON.Value::asString).orElse("");
            for (ChallengeType known : ChallengeType.values()) {
                if (known.text().equals(type) && mayProve(known, authorization) && challenge.contains("token")) {
                    offered.putIfAbsent(known, challenge);
                }
            }
        }
        return offered;
    }

    private static boolean mayProve(ChallengeType type, Authorization authorization) {
        boolean byDns = type == ChallengeType.DNS_01;
        return authorization.isWildcard() ? byDns : !byDns || !Identifiers.isAddress(authorization.getIdentifier());
    }

    private void noteProof(Authorization authorization) {
        offered(authorization).forEach((type, challenge) -> {
            boolean valid =
                    challenge.get("status").map(JSON.Value::asString).orElse("").equals("valid");
            if (valid && provenBy == null) {
                provenBy = type;
            }
        });
    }

    private String where() {
        return "order " + order.getLocation() + ": ";
    }

    private Unproven notShown(Open one, IOException failure) {
        LOG.debug("{}: {} for {} cannot be shown", site, one.type(), one.name, failure);
        IssueFailure described = new IssueFailure(
                Fault.OURS,
                where() + one.type() + " for \"" + one.name + "\": " + Failures.brief(failure.getMessage()),
                failure);
        return new Unproven(
                described,
                List.of(),
                EnumSet.of(one.solver.type()),
                open.stream().map(each -> each.offered.keySet()).toList(),
                false);
    }

    private void trigger(Open one) throws AcmeException {
        if (one.challenge.getStatus() != Status.PENDING) {
            return;
        }
        try {
            one.challenge.trigger();
        } catch (AcmeException | AcmeProtocolException e) {
            // After a resume the CA may have begun, or ended, by itself; or its answer was lost on the way. Looking at
            // it decides.
            if (!Failures.is(e, Refusal.MALFORMED) && !conversation.failures().isPassing(e)) {
                throw e;
            }
            LOG.debug("{}: triggering {}", site, one.challenge.getLocation(), e);
        }
    }

    /** All of them share one deadline; the CA works on them side by side. */
    private @Nullable Unproven watch() throws IssueFailure, AcmeException, InterruptedException {
        Polling polling = conversation.polling();
        List<IssueFailure> refused = new ArrayList<>();
        List<String> names = new ArrayList<>();
        Map<String, String> blamed = new LinkedHashMap<>();
        Set<ChallengeType> failed = EnumSet.noneOf(ChallengeType.class);
        boolean hopeless = false;
        for (Open one : open) {
            String where = where() + one.type() + " for \"" + one.name + "\"";
            try {
                conversation.watch(
                        one.authorization,
                        where,
                        polling,
                        status -> status != Status.PENDING && status != Status.PROCESSING);
            } catch (IssueFailure e) {
                if (refused.isEmpty()) {
                    throw e;
                }
                // It has failed already; the rest is only for the report.
                break;
            }
            if (one.authorization.getStatus() == Status.VALID) {
                provenBy = provenBy == null ? one.solver.type() : provenBy;
                continue;
            }
            Problem problem = problem(one);
            hopeless |= isHopeless(problem);
            IssueFailure failure =
                    conversation.failures().ofValidation(where, one.type(), problem, one.solver.seen(one.answer));
            refused.add(failure);
            if (failure.fault() == Fault.NAME) {
                blamed.put(one.name, withoutPrefix(String.valueOf(failure.getMessage())));
            }
            names.add(one.answer.name());
            failed.add(one.solver.type());
            if (Refusal.is(problem, Refusal.DNS) && one.solver.type() != ChallengeType.DNS_01) {
                // A name without an address has none for the other challenge that needs one, either.
                failed.addAll(BY_ADDRESS);
            }
        }
        if (refused.isEmpty()) {
            return null;
        }
        List<Set<ChallengeType>> offers = hopeless
                ? List.of(Set.of())
                : open.stream().map(one -> one.offered.keySet()).toList();
        return new Unproven(described(refused, names).blaming(blamed), List.copyOf(names), failed, offers, true);
    }

    /** The challenge that was triggered does not know how it ended; the authorization has a new one. */
    private static @Nullable Problem problem(Open one) {
        JSON challenge = offered(one.authorization).get(one.solver.type());
        return challenge == null
                ? null
                : challenge
                        .get("error")
                        .map(error -> error.asProblem(one.authorization.getLocation()))
                        .orElse(null);
    }

    private static boolean isHopeless(@Nullable Problem problem) {
        Refusal refusal = problem == null ? null : Refusal.of(problem).orElse(null);
        return refusal != null && HOPELESS.contains(refusal);
    }

    private IssueFailure described(List<IssueFailure> refused, List<String> names) {
        IssueFailure decisive = refused.stream()
                .filter(failure -> failure.fault() == Fault.NAME)
                .findFirst()
                .orElse(refused.get(0));
        Set<String> lines = new LinkedHashSet<>();
        for (IssueFailure failure : refused.subList(0, Math.min(refused.size(), FAILURES_SHOWN))) {
            String message = String.valueOf(failure.getMessage());
            lines.add(lines.isEmpty() ? message : withoutPrefix(message));
        }
        String rest = refused.size() > FAILURES_SHOWN ? "; and " + (refused.size() - FAILURES_SHOWN) + " more" : "";
        IssueFailure all = new IssueFailure(
                decisive.fault(),
                String.join("; and ", lines) + rest,
                decisive.retryAfter().orElse(null),
                null);
        return IssueFailure.ofValidation(all, names);
    }

    private String withoutPrefix(String message) {
        return message.startsWith(where()) ? message.substring(where().length()) : message;
    }

    /**
     * All of them, whatever happens to one.
     *
     * @param goesOn whether the CA may still ask for what another process shows
     */
    private void withdraw(List<Open> shown, boolean goesOn) throws InterruptedException {
        InterruptedException interrupt = null;
        for (Open one : shown) {
            try {
                if (goesOn) {
                    one.solver.leave(one.answer);
                } else {
                    one.solver.withdraw(one.answer);
                }
            } catch (InterruptedException e) {
                interrupt = e;
            } catch (RuntimeException e) {
                LOG.warn("{}: {} for {} could not be withdrawn", site, one.type(), one.name, e);
            }
        }
        if (interrupt != null) {
            throw interrupt;
        }
    }
}
