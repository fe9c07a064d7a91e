package dev.postern.acme;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssueFailure.Hold;
import dev.postern.config.PlainText;
import dev.postern.disk.DiskFailure;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Identifier;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.shredzone.acme4j.exception.AcmeNetworkException;
import org.shredzone.acme4j.exception.AcmeNotSupportedException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.shredzone.acme4j.exception.AcmeServerException;
import org.shredzone.acme4j.exception.AcmeUserActionRequiredException;

/** Whose fault a failure is, in one line for the operator, and when the CA wants to be asked again. */
final class Failures {
    /** Characters of what a CA said that are shown; more tells an operator no more. */
    private static final int LONGEST_TEXT = 600;

    /** So many names of an order are named in one line. */
    private static final int NAMES_SHOWN = 5;

    private static final Pattern PAUSED = Pattern.compile("paused|unpause|temporarily prevented");
    /** A type that Boulder has beside those of the RFC. */
    private static final String OVERLOADED = ":overloaded";

    private static final Pattern QUOTED = Pattern.compile("\"[^\"]*\"");

    /** Limits of Boulder, past and present, on the account or on the address that it asks from. */
    private static final Pattern OF_ACCOUNT = Pattern.compile("service busy|overloaded|pending authorizations"
            + "|too many (new )?registrations|from this ip address|/48 subnet");

    /** Its limit on new orders of the account. */
    private static final Pattern OF_ORDERS =
            Pattern.compile("new orders \\(\\d+\\) from this account|too many new orders recently");

    private static final Pattern FAILED_VALIDATIONS = Pattern.compile("too many failed authorizations");

    private static final Pattern LINK = Pattern.compile("https?://[^\\s\"'<>]+[^\\s\"'<>.,;:)]");

    /** Let's Encrypt says it in words, too, and other CAs that run its software in words only. */
    private static final Pattern RETRY_AFTER_IN_WORDS =
            Pattern.compile("retry after (\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d) UTC");

    private static final DateTimeFormatter IN_WORDS = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);

    private final CaHttp http;
    private final InstantSource clock;

    Failures(CaHttp http, InstantSource clock) {
        this.http = http;
        this.clock = clock;
    }

    /** Whether {@code failure} is an answer of this type. */
    static boolean is(Throwable failure, Refusal refusal) {
        return cause(failure) instanceof AcmeServerException answer && Refusal.is(answer.getProblem(), refusal);
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
        if (isInterrupt(failure)
                || cause instanceof AcmeNotSupportedException
                || cause.getCause() instanceof CaHttp.Misled) {
            return false;
        }
        return cause instanceof AcmeNetworkException
                || cause instanceof AcmeProtocolException
                || (http.lastStatus() >= 500 && cause instanceof AcmeException)
                || is(failure, Refusal.BAD_NONCE);
    }

    /**
     * Whom the CA wants to hear nothing from for a while. Only what is known to be about the account is: a limit on a domain
     * or on one exact set of names lasts for days, can be used up by anybody who holds the names, and is none of the other
     * sites' business.
     */
    Hold hold(Throwable failure) {
        if (http.lastStatus() == 503) {
            return retryAfter(null).isPresent() ? Hold.ACCOUNT : Hold.SITE;
        }
        if (!(cause(failure) instanceof AcmeServerException answer)) {
            return Hold.SITE;
        }
        Problem problem = answer.getProblem();
        if (retryAfter(problem).isEmpty()) {
            return Hold.SITE;
        }
        // What is in quotes is a name, which anybody may choose.
        String said =
                QUOTED.matcher(problem.getDetail().orElse("")).replaceAll("").toLowerCase(Locale.ROOT);
        if (Refusal.typeOf(problem).endsWith(OVERLOADED)
                || OF_ACCOUNT.matcher(said).find()) {
            return Hold.ACCOUNT;
        }
        return OF_ORDERS.matcher(said).find() ? Hold.ORDERS : Hold.SITE;
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
            return failure(
                    Fault.OURS,
                    step + ": the CA changed its terms; read and agree at " + url + " ("
                            + Refusal.USER_ACTION_REQUIRED.urn() + ")",
                    action.getProblem(),
                    cause);
        }
        if (cause instanceof AcmeServerException answer) {
            return ofAnswer(step, answer);
        }
        if (cause instanceof AcmeNetworkException) {
            Throwable below = cause.getCause();
            String text = below == null || below.getMessage() == null ? "no answer" : below.getMessage();
            return failure(Fault.CA, step + ": " + text, null, cause);
        }
        if (cause instanceof AcmeException && http.lastStatus() >= 400) {
            Fault fault = http.lastStatus() >= 500 || http.lastStatus() == 429 ? Fault.CA : Fault.OURS;
            return failure(fault, step + ": the CA answered HTTP " + http.lastStatus(), null, cause);
        }
        if (cause instanceof AcmeNotSupportedException) {
            return failure(Fault.CA, step + ": not offered by the CA: " + brief(cause.getMessage()), null, cause);
        }
        // What acme4j throws unchecked is mostly an answer it does not understand.
        return failure(
                Fault.CA,
                step + ": the CA's answer (HTTP " + http.lastStatus() + ") is not understood" + inWords(cause),
                null,
                cause);
    }

    private IssueFailure ofAnswer(String step, AcmeServerException answer) {
        Problem problem = answer.getProblem();
        Fault fault = fault(problem);
        String next = next(problem);
        if (Refusal.is(problem, Refusal.UNAUTHORIZED)) {
            // To a request, other than to a validation: the account may not do this.
            fault = Fault.OURS;
            next = "; the CA does not let the account do this; where \"postern cert account show\" says that it is"
                    + " deactivated or revoked, \"postern cert account new\" registers another one";
        }
        if (http.lastStatus() >= 500) {
            fault = Fault.CA;
        }
        String paused = paused(problem);
        if (paused != null) {
            return failure(Fault.NAME, step + ": " + text(problem) + paused, problem, answer);
        }
        return failure(fault, step + ": " + text(problem) + next, problem, answer);
    }

    /** After very many failures Let's Encrypt takes no order for a name from an account until a person says so. */
    private static @Nullable String paused(Problem problem) {
        String detail = problem.getDetail().orElse("");
        if (!Refusal.is(problem, Refusal.RATE_LIMITED)
                || !PAUSED.matcher(detail.toLowerCase(Locale.ROOT)).find()) {
            return null;
        }
        Matcher link = LINK.matcher(detail);
        return "; the CA paused the name for this account, because it failed too often; once its cause is mended,"
                + " unpause it " + (link.find() ? "at " + link.group() : "on the CA's site");
    }

    private IssueFailure failure(Fault fault, String message, @Nullable Problem problem, @Nullable Throwable cause) {
        return new IssueFailure(fault, message, retryAfter(problem).orElse(null), cause).blaming(blamed(problem));
    }

    /**
     * The names that a CA finds fault with, each with what it said of it: those of its subproblems, else those that it
     * writes in quotes, as Boulder does. Whoever asked knows which of them are names of the order.
     */
    private static Map<String, String> blamed(@Nullable Problem problem) {
        Map<String, String> blamed = new LinkedHashMap<>();
        if (problem == null) {
            return blamed;
        }
        for (Problem part : problem.getSubProblems()) {
            if (isOfName(part)) {
                part.getIdentifier()
                        .map(Identifiers::name)
                        .ifPresent(name -> blamed.put(name, brief(said(part)) + " (" + Refusal.typeOf(part) + ")"));
            }
        }
        if (blamed.isEmpty() && isOfName(problem)) {
            Matcher quoted = QUOTED.matcher(problem.getDetail().orElse(""));
            while (quoted.find()) {
                String name = quoted.group().substring(1, quoted.group().length() - 1);
                blamed.put(name.toLowerCase(Locale.ROOT), text(problem));
            }
        }
        return blamed;
    }

    /** A limit on failed validations is reached by the one name that keeps failing. */
    private static boolean isOfName(Problem problem) {
        return Refusal.of(problem).map(Refusal::fault).orElse(Fault.CA) == Fault.NAME
                || (Refusal.is(problem, Refusal.RATE_LIMITED)
                        && FAILED_VALIDATIONS
                                .matcher(problem.getDetail().orElse(""))
                                .find());
    }

    /** Nothing of an exception that is not meant to be read, such as of a cast. */
    private static String inWords(Throwable failure) {
        boolean meant = failure instanceof AcmeException || failure instanceof AcmeProtocolException;
        return meant && failure.getMessage() != null ? ": " + brief(failure.getMessage()) : "";
    }

    /** One line, not too long, whatever a CA sent. */
    static String brief(@Nullable String text) {
        String line = text == null ? "" : PlainText.line(text);
        return line.length() <= LONGEST_TEXT ? line : line.substring(0, LONGEST_TEXT) + "…";
    }

    /** Where it matters who came: not where the CA did not even try. */
    private static final Set<Refusal> OF_THE_WAY =
            EnumSet.of(Refusal.CONNECTION, Refusal.UNAUTHORIZED, Refusal.INCORRECT_RESPONSE, Refusal.TLS);

    /**
     * A validation that the CA found wanting.
     *
     * @param seen who came to see the answer; empty where that is not known
     */
    IssueFailure ofValidation(String where, String challenge, @Nullable Problem problem, String seen) {
        String theOtherSide = seen.isEmpty() ? "" : "; " + seen;
        if (problem == null) {
            return failure(Fault.NAME, where + ": the CA refused it without saying why" + theOtherSide, null, null);
        }
        String what = Refusal.of(problem)
                .map(refusal -> switch (refusal) {
                    case CONNECTION ->
                        challenge.equals("http-01")
                                ? "CA could not fetch the token: "
                                : "CA could not reach the name: ";
                    case DNS -> "CA could not resolve the name: ";
                    case UNAUTHORIZED, INCORRECT_RESPONSE ->
                        challenge.equals("http-01")
                                ? "CA was answered with something else than the token: "
                                : "CA did not find the answer: ";
                    case CAA -> "a CAA record forbids it: ";
                    case TLS -> "CA could not agree on TLS: ";
                    default -> "";
                })
                .orElse("");
        boolean cameOrNot = Refusal.of(problem).map(OF_THE_WAY::contains).orElse(true);
        return failure(
                fault(problem), where + ": " + what + text(problem) + (cameOrNot ? theOtherSide : ""), problem, null);
    }

    /** An order that became invalid. */
    IssueFailure ofOrder(String order, Problem problem) {
        return failure(fault(problem), "order " + order + ": " + text(problem) + next(problem), problem, null);
    }

    private static Fault fault(Problem problem) {
        return effective(problem).map(Refusal::fault).orElse(Fault.CA);
    }

    private static String next(Problem problem) {
        String next = effective(problem).map(Refusal::next).orElse("");
        return next.isEmpty() ? "" : "; " + next;
    }

    /** Of several things that are wrong, a name that is refused decides: the rest of an order may be as good as it likes. */
    private static Optional<Refusal> effective(Problem problem) {
        Optional<Refusal> whole = Refusal.of(problem);
        List<Problem> parts = problem.getSubProblems();
        if (parts.isEmpty() || Refusal.is(problem, Refusal.RATE_LIMITED)) {
            return whole;
        }
        Optional<Refusal> ofName = parts.stream()
                .flatMap(part -> Refusal.of(part).stream())
                .filter(refusal -> refusal.fault() == Fault.NAME)
                .findFirst();
        if (ofName.isPresent()) {
            return ofName;
        }
        return Refusal.is(problem, Refusal.COMPOUND) ? Refusal.of(parts.get(0)) : whole;
    }

    /** What it said, of which name, and the type. */
    private static String text(Problem problem) {
        StringBuilder text = new StringBuilder(said(problem));
        List<Problem> parts = problem.getSubProblems();
        if (!parts.isEmpty()) {
            List<String> shown = new ArrayList<>();
            for (Problem part : parts.subList(0, Math.min(parts.size(), NAMES_SHOWN))) {
                String name = part.getIdentifier()
                        .map(Identifier::getValue)
                        .map(value -> "\"" + value + "\": ")
                        .orElse("");
                shown.add(name + said(part));
            }
            if (parts.size() > NAMES_SHOWN) {
                shown.add((parts.size() - NAMES_SHOWN) + " more");
            }
            text.append(" (").append(String.join("; ", shown)).append(')');
        }
        return brief(text.toString()) + " (" + Refusal.typeOf(problem) + ")";
    }

    private static String said(Problem problem) {
        return problem.getDetail().or(problem::getTitle).orElseGet(() -> "refused");
    }

    private Optional<Instant> retryAfter(@Nullable Problem problem) {
        Duration wait = http.lastRetryAfter().orElse(null);
        if (wait == null && Refusal.is(problem, Refusal.RATE_LIMITED)) {
            wait = inWords(problem == null ? "" : problem.getDetail().orElse(""));
        }
        return Optional.ofNullable(wait).map(clock.instant()::plus);
    }

    private @Nullable Duration inWords(String detail) {
        Matcher matcher = RETRY_AFTER_IN_WORDS.matcher(detail);
        if (!matcher.find()) {
            return null;
        }
        try {
            Instant until = LocalDateTime.parse(matcher.group(1), IN_WORDS).toInstant(ZoneOffset.UTC);
            return CaHttp.span(Duration.between(http.lastDate().orElseGet(clock::instant), until));
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    /**
     * A file of ours that could not be read or written. Where it is known which, the line begins with it, and not with
     * the name of the CA, whose words it would be taken for.
     */
    static IssueFailure ofDisk(String step, IOException failure) {
        if (failure instanceof FileSystemException file && file.getFile() != null) {
            return new IssueFailure(Fault.OURS, file.getFile() + ": " + DiskFailure.reason(file), failure);
        }
        return new IssueFailure(Fault.OURS, String.format(Locale.ROOT, "%s: %s", step, failure.getMessage()), failure);
    }
}
