package dev.postern.ca.acme;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@link AcmeFaults} can do to a request. */
public sealed interface Fault {
    /** Instead of looking at the request. */
    sealed interface Early extends Fault {}

    /** After the request took effect. */
    sealed interface Late extends Fault {}

    /** To the order, at {@link AcmeRequest#FINALIZE}. */
    sealed interface OnOrder extends Fault {}

    /**
     * A refusal.
     *
     * @param problem null for an answer without a problem document
     * @param retryAfter null for none
     */
    record Refuse(
            int status, @Nullable Problem problem, @Nullable RetryAfter retryAfter) implements Early {}

    /** {@code Retry-After}, in either form of <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-10.2.3">RFC 9110 §10.2.3</a>. */
    record RetryAfter(Duration delay, boolean asDate) {}

    /** Anything: an empty 200, a page of HTML. */
    record Answer(int status, String contentType, String body) implements Early {}

    /** The request never got here: no effect, no answer. */
    record LostRequest() implements Early {}

    /** The answer, but not so; {@link Delivery#RESET} is a lost answer. */
    record Deliver(Delivery how) implements Late {}

    /** {@code Date} is off by this much, which may be negative. */
    record WrongDate(Duration by) implements Late {}

    /** The order stays {@code processing}; its certificate is there after so many reads of it, or never if negative. */
    record Stick(int polls) implements OnOrder {}

    /** The order is {@code invalid} for this reason. */
    record FailOrder(Problem problem) implements OnOrder {}

    /** 429. */
    static Fault rateLimited(RetryAfter when) {
        return new Refuse(
                429,
                Problem.of(ProblemType.RATE_LIMITED, "too many new orders (300) from this account in the last 3h0m0s"),
                when);
    }

    /** 503 without a problem document, as a load balancer says it. */
    static Fault unavailable(RetryAfter when) {
        return new Refuse(503, null, when);
    }

    /** 500 with a problem document. */
    static Fault internalError() {
        return refusal(Problem.of(ProblemType.SERVER_INTERNAL, "an internal error has occurred"));
    }

    static Fault badNonce() {
        return refusal(Problem.of(ProblemType.BAD_NONCE, "nonce: unknown or already used"));
    }

    static Fault orderNotReady() {
        return refusal(Problem.of(ProblemType.ORDER_NOT_READY, "order is pending"));
    }

    static Fault alreadyReplaced() {
        return refusal(Problem.of(ProblemType.ALREADY_REPLACED, "the certificate already has a replacement order"));
    }

    static Fault caa(String name) {
        return refusal(Problem.about(name, ProblemType.CAA, "CAA record for " + name + " prevents issuance"));
    }

    /** With a subproblem for each name. */
    static Fault rejected(List<String> names) {
        return refusal(new Problem(
                ProblemType.REJECTED_IDENTIFIER,
                names.size() + " names are refused",
                null,
                names.stream()
                        .map(name -> Problem.about(name, ProblemType.REJECTED_IDENTIFIER, "forbidden by policy"))
                        .toList()));
    }

    /** With the status that its type usually has. */
    static Fault refusal(Problem problem) {
        return new Refuse(problem.type().status(), problem, null);
    }

    static Fault emptyAnswer() {
        return new Answer(200, "application/json", "");
    }

    static Fault page() {
        return new Answer(200, "text/html", "<html><body><h1>We will be right back</h1></body></html>");
    }
}
