package dev.postern.acme;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.AcmeJsonResource;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread's dealings with a CA for one purpose: an order, a question. A session of its own, for acme4j lets one
 * request at a time through a session.
 */
final class Conversation {
    private static final Logger LOG = LoggerFactory.getLogger(Conversation.class);

    /** So many failures in a row of the same request are taken for a hiccup. */
    static final int HICCUPS = 3;

    /** For a request that is tried again where there is nothing else to wait for. */
    private static final Duration HICCUPS_DEADLINE = Duration.ofMinutes(1);

    private final String issuer;
    private final CaHttp http;
    private final Session session;
    private final Failures failures;
    private final MonotonicClock elapsed;
    private final Duration stepDeadline;

    /** What a CA is asked with: the same for all conversations with it. */
    record Terms(
            String issuer,
            URI directory,
            CaTransport transport,
            Duration exchangeDeadline,
            Duration stepDeadline,
            Clocks clocks) {
        Conversation open() {
            return new Conversation(this);
        }
    }

    /** Something that asks the CA. */
    @FunctionalInterface
    interface Question<T> {
        T ask() throws AcmeException, IOException, IssueFailure, InterruptedException;
    }

    private Conversation(Terms terms) {
        this.issuer = terms.issuer();
        this.elapsed = terms.clocks().elapsed();
        this.stepDeadline = terms.stepDeadline();
        this.http = new CaHttp(
                terms.transport(),
                terms.directory(),
                terms.exchangeDeadline(),
                terms.clocks().ca(),
                date -> terms.clocks().skew().observe(terms.issuer(), date));
        this.failures = new Failures(http, terms.clocks().ca());
        this.session = new Session(terms.directory(), new CaProvider(http, terms.directory()));
        session.setLocale(Locale.ENGLISH);
        session.networkSettings().setTimeout(terms.exchangeDeadline());
        // What is not compressed cannot be larger than it looks.
        session.networkSettings().setCompressionEnabled(false);
    }

    String issuer() {
        return issuer;
    }

    CaHttp http() {
        return http;
    }

    Session session() {
        return session;
    }

    Failures failures() {
        return failures;
    }

    Polling polling() {
        return new Polling(stepDeadline, elapsed);
    }

    /** How long the CA, in its last answer, asked us to wait; null where it did not. */
    @Nullable Duration asked() {
        return http.lastRetryAfter().orElse(null);
    }

    /**
     * Asks again after a hiccup of the network or the CA. For questions that change nothing, or nothing more when asked
     * twice.
     */
    <T> T patiently(Question<T> question) throws AcmeException, IOException, IssueFailure, InterruptedException {
        Polling polling =
                new Polling(stepDeadline.compareTo(HICCUPS_DEADLINE) < 0 ? stepDeadline : HICCUPS_DEADLINE, elapsed);
        for (int hiccups = 1; ; hiccups++) {
            try {
                return question.ask();
            } catch (AcmeException | AcmeLazyLoadingException | AcmeProtocolException e) {
                if (!failures.isPassing(e) || hiccups >= HICCUPS || tooLong() || !polling.await(asked())) {
                    throw e;
                }
            }
        }
    }

    /** What ends a wait. */
    @FunctionalInterface
    interface Condition {
        boolean holds(Status status);
    }

    /** Looks again and again until it is done. A look that fails is not the end; several in a row are. */
    void watch(AcmeJsonResource resource, String where, Polling polling, Condition done)
            throws IssueFailure, AcmeException, InterruptedException {
        int hiccups = 0;
        while (true) {
            Status status = Status.UNKNOWN;
            try {
                resource.fetch();
                hiccups = 0;
                status = resource.getJSON().get("status").asStatus();
                // One that nobody knows is none to end at.
                if (status != Status.UNKNOWN && done.holds(status)) {
                    return;
                }
            } catch (AcmeException | AcmeLazyLoadingException | AcmeProtocolException e) {
                if (!failures.isPassing(e) || ++hiccups > HICCUPS || tooLong()) {
                    throw e;
                }
                LOG.debug("{}: looking failed; looked again", where, e);
            }
            if (!polling.await(asked())) {
                throw new IssueFailure(
                        IssueFailure.Fault.CA,
                        where + ": still " + text(status) + " after " + stepDeadline.toSeconds()
                                + "s; resumed next time",
                        null);
            }
        }
    }

    private static String text(Status status) {
        return status == Status.UNKNOWN ? "unknown" : status.toString().toLowerCase(Locale.ROOT);
    }

    /** Whether the CA asked for a wait that is not for an order to sit out. */
    private boolean tooLong() {
        return http.lastRetryAfter()
                .filter(wait -> wait.compareTo(HICCUPS_DEADLINE) > 0)
                .isPresent();
    }

    /**
     * Everything that acme4j throws, as what {@code CertificateIssuer} throws: nothing unchecked leaves the package.
     *
     * @param names of the order, as long as there is none yet: the CA may mean all that our account asks; empty otherwise
     */
    <T> T failingAs(String step, Supplier<List<String>> names, Question<T> question)
            throws IssueFailure, InterruptedException {
        try {
            return question.ask();
        } catch (AcmeException | RuntimeException e) {
            throw failure(step, names.get(), e);
        } catch (StackOverflowError e) {
            // JSON that is nested as deep as no CA has reason to.
            throw new IssueFailure(IssueFailure.Fault.CA, step + ": the CA's answer is nested too deep", e);
        } catch (IOException e) {
            throw Failures.ofDisk(step, e);
        }
    }

    private IssueFailure failure(String step, List<String> names, Exception failure) throws InterruptedException {
        if (Failures.isInterrupt(failure)) {
            InterruptedException interrupt = new InterruptedException("interrupted while asking the CA");
            interrupt.initCause(failure);
            throw interrupt;
        }
        IssueFailure described = failures.of(step, failure);
        return names.isEmpty() ? described : described.holding(failures.hold(failure));
    }

    /** A file of ours that holds what is no key. */
    static IOException badKey(String where, GeneralSecurityException failure) {
        return new IOException(where + ": the key: " + failure.getMessage(), failure);
    }
}
