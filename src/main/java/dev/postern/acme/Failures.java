package dev.postern.acme;

import dev.postern.certificate.IssueFailure;
import dev.postern.certificate.IssueFailure.Fault;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.shredzone.acme4j.exception.AcmeNetworkException;
import org.shredzone.acme4j.exception.AcmeServerException;
import org.shredzone.acme4j.exception.AcmeUserActionRequiredException;

/**
 * Whose fault a failure is, in one line for the operator. The types are those of
 * <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.7">RFC 8555 §6.7</a>.
 */
final class Failures {
    static final String PREFIX = "urn:ietf:params:acme:error:";

    private static final Set<String> NAMES = Set.of(
            "rejectedIdentifier",
            "caa",
            "dns",
            "connection",
            "tls",
            "unauthorized",
            "incorrectResponse",
            "unsupportedIdentifier");

    private static final Set<String> OURS = Set.of(
            "malformed",
            "badCSR",
            "badPublicKey",
            "badSignatureAlgorithm",
            "invalidContact",
            "unsupportedContact",
            "externalAccountRequired",
            "userActionRequired",
            "accountDoesNotExist",
            "invalidProfile");

    private final CaHttp http;
    private final InstantSource clock;

    Failures(CaHttp http, InstantSource clock) {
        this.http = http;
        this.clock = clock;
    }

    /** {@code connection} for {@code urn:ietf:params:acme:error:connection}; any other URI as it is. */
    static String type(Problem problem) {
        String type = problem.getType().toString();
        return type.startsWith(PREFIX) ? type.substring(PREFIX.length()) : type;
    }

    /** Whether {@code failure} is an answer of this type. */
    static boolean is(Throwable failure, String type) {
        return cause(failure) instanceof AcmeServerException answer
                && type(answer.getProblem()).equals(type);
    }

    /** What lies below the unchecked exception of a getter that had to ask the CA. */
    static Throwable cause(Throwable failure) {
        return failure instanceof AcmeLazyLoadingException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** Whether it is an interrupt of this thread, which acme4j turns into a network failure. */
    static boolean isInterrupt(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException) {
                return true;
            }
        }
        return false;
    }

    /** Whether asking again soon may help: the network, or a CA that is broken for a moment. */
    boolean isPassing(Throwable failure) {
        Throwable cause = cause(failure);
        if (isInterrupt(failure)) {
            return false;
        }
        return cause instanceof AcmeNetworkException
                || (http.lastStatus() >= 500 && cause instanceof AcmeException)
                || is(failure, "badNonce");
    }

    /**
     * Whether the CA asked us, not only these names, to stay away. A limit on a domain names it; such a limit lasts for
     * days and is none of the other sites' business.
     */
    boolean isOfAccount(Throwable failure, List<String> names) {
        if ((http.lastStatus() != 429 && http.lastStatus() != 503)
                || http.lastRetryAfter().isEmpty()) {
            return false;
        }
        if (!(cause(failure) instanceof AcmeServerException answer)) {
            return true;
        }
        String said = answer.getProblem().toString() + answer.getProblem().getSubProblems();
        return names.stream().noneMatch(name -> namesOrParent(said.toLowerCase(Locale.ROOT), name));
    }

    private static boolean namesOrParent(String said, String name) {
        for (String domain = name; domain.indexOf('.') > 0; domain = domain.substring(domain.indexOf('.') + 1)) {
            if (said.contains(domain)) {
                return true;
            }
        }
        return false;
    }

    /** A request that failed at {@code step}, such as {@code new order}. */
    IssueFailure of(String step, Throwable failure) {
        Throwable cause = cause(failure);
        if (cause instanceof AcmeUserActionRequiredException action) {
            String url = action.getProblem()
                    .getInstance()
                    .or(action::getTermsOfServiceUri)
                    .map(URI::toString)
                    .orElse("the CA's site");
            return new IssueFailure(
                    Fault.OURS,
                    step + ": the CA changed its terms; read and agree at " + url + " (" + PREFIX
                            + "userActionRequired)",
                    retryAfter(),
                    cause);
        }
        if (cause instanceof AcmeServerException answer) {
            return ofAnswer(step, answer);
        }
        if (cause instanceof AcmeNetworkException) {
            Throwable below = cause.getCause();
            String text = below == null || below.getMessage() == null ? "no answer" : below.getMessage();
            return new IssueFailure(Fault.CA, step + ": " + text, retryAfter(), cause);
        }
        if (cause instanceof AcmeException && http.lastStatus() >= 400) {
            Fault fault = http.lastStatus() >= 500 || http.lastStatus() == 429 ? Fault.CA : Fault.OURS;
            return new IssueFailure(fault, step + ": the CA answered HTTP " + http.lastStatus(), retryAfter(), cause);
        }
        // What acme4j throws unchecked is mostly an answer it does not understand.
        return new IssueFailure(Fault.CA, step + ": " + oneLine(cause), retryAfter(), cause);
    }

    private IssueFailure ofAnswer(String step, AcmeServerException answer) {
        Problem problem = answer.getProblem();
        String type = type(problem);
        Fault fault = fault(problem);
        if (type.equals("unauthorized")) {
            // To a request, other than to a validation: the account may not do this.
            fault = Fault.OURS;
        }
        if (type.equals("rateLimited") || http.lastStatus() >= 500) {
            fault = Fault.CA;
        }
        return new IssueFailure(fault, step + ": " + text(problem), retryAfter(), answer);
    }

    private static String oneLine(Throwable failure) {
        String text = failure.getMessage();
        return failure.getClass().getSimpleName()
                + (text == null ? "" : ": " + text.lines().findFirst().orElse(""));
    }

    /** A validation that the CA found wanting. */
    IssueFailure ofValidation(String order, String name, @Nullable Problem problem) {
        String where = "order " + order + ": http-01 for \"" + name + "\": ";
        if (problem == null) {
            return new IssueFailure(Fault.NAME, where + "the CA refused it without saying why", retryAfter(), null);
        }
        String what = switch (type(problem)) {
            case "connection" -> "CA could not fetch the token: ";
            case "dns" -> "CA could not resolve the name: ";
            case "unauthorized", "incorrectResponse" -> "CA was answered with something else than the token: ";
            case "caa" -> "a CAA record forbids it: ";
            case "tls" -> "CA could not fetch the token over TLS: ";
            default -> "";
        };
        return new IssueFailure(fault(problem), where + what + text(problem), retryAfter(), null);
    }

    /** An order that became invalid. */
    IssueFailure ofOrder(String order, Problem problem) {
        return new IssueFailure(fault(problem), "order " + order + ": " + text(problem), retryAfter(), null);
    }

    private static Fault fault(Problem problem) {
        String type = type(problem);
        if (type.equals("compound") && !problem.getSubProblems().isEmpty()) {
            return fault(problem.getSubProblems().get(0));
        }
        return NAMES.contains(type) ? Fault.NAME : OURS.contains(type) ? Fault.OURS : Fault.CA;
    }

    private static String text(Problem problem) {
        String type = type(problem);
        String full = type.matches("[a-zA-Z]+") ? PREFIX + type : type;
        return problem.toString().replaceAll("\\s+", " ") + " (" + full + ")";
    }

    private @Nullable Instant retryAfter() {
        Optional<Instant> until =
                http.lastRetryAfter().map(wait -> clock.instant().plus(wait));
        return until.orElse(null);
    }

    /** A file of ours that could not be read or written. */
    static IssueFailure ofDisk(String step, Exception failure) {
        return new IssueFailure(Fault.OURS, String.format(Locale.ROOT, "%s: %s", step, failure.getMessage()), failure);
    }
}
