package dev.postern.certificate.care;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.certificate.policy.Suggestion;
import dev.postern.pki.Certificate;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the CAs when they would like their certificates to be renewed
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9773">RFC 9773</a>), a few at a time. Safe for several threads; the
 * questions run on the executor of the orders, and hold nothing while the CA is asked.
 */
final class SuggestedWindows {
    private static final Logger LOG = LoggerFactory.getLogger(SuggestedWindows.class);

    /** A question is one small request: two at a time are thousands in an hour, and leave the CA and the orders room. */
    private static final int AT_ONCE = 2;

    /** A question that has not ended by then never will: another takes its place. */
    private static final Duration DEADLINE = Duration.ofMinutes(5);

    /** From the fourth failure on the CA is asked every six hours: then an operator may want to know. */
    private static final int WORTH_SAYING = 4;

    private final Supplier<Collection<SiteRecord>> records;
    private final InstantSource clock;
    private final MonotonicClock elapsed;
    private final RandomGenerator random;
    private final ExecutorService executor;
    private final Consumer<SiteRecord> changed;

    @GuardedBy("this") private final Deque<Question> waiting = new ArrayDeque<>();

    @GuardedBy("this") private final Set<SiteRecord> asking = new HashSet<>();

    @GuardedBy("this") private final Set<Question> running = new LinkedHashSet<>();

    @GuardedBy("this") private boolean closed;

    /** @param changed called after each window that is new, with nothing held */
    SuggestedWindows(
            Supplier<Collection<SiteRecord>> records,
            Clocks clocks,
            RandomGenerator random,
            ExecutorService executor,
            Consumer<SiteRecord> changed) {
        this.records = records;
        this.clock = clocks.ca();
        this.elapsed = clocks.elapsed();
        this.random = random;
        this.executor = executor;
        this.changed = changed;
    }

    /** Asks for every certificate for which it is time; returns at once. */
    void refresh() {
        for (SiteRecord record : records.get()) {
            Question question = record.within(this::question);
            if (question != null) {
                synchronized (this) {
                    if (asking.add(record)) {
                        waiting.addLast(question);
                    }
                }
            }
        }
        synchronized (this) {
            long now = elapsed.nanoTime();
            for (Question question : List.copyOf(running)) {
                if (now - question.begunNanos > DEADLINE.toNanos() && asking.remove(question.record)) {
                    running.remove(question);
                }
            }
        }
        pump();
    }

    /** Null where it is not time: too early, expired, or of a CA that is none of the site's. */
    private @Nullable Question question(SiteState state) {
        Certificate certificate = state.certificate();
        if (certificate == null || certificate.isExpired(clock.instant())) {
            // Nobody replaces what has ended, and CAs do not answer for it.
            return null;
        }
        CertificateIssuer issuer = state.record().issuer(certificate.issuer());
        if (issuer == null) {
            return null;
        }
        return suggestion(state, certificate).isDue(clock.instant())
                ? new Question(state.record(), certificate, issuer)
                : null;
    }

    private Suggestion suggestion(SiteState state, Certificate certificate) {
        Suggestion known = state.history().suggestion();
        if (known != null && known.serial().equals(certificate.serialText())) {
            return known;
        }
        Suggestion unasked = Suggestion.unasked(certificate, clock.instant(), random);
        state.suggested(unasked, false);
        return unasked;
    }

    private void pump() {
        for (Question next = begin(); next != null; next = begin()) {
            try {
                executor.execute(next);
            } catch (RejectedExecutionException e) {
                LOG.debug("{}: not asked, shutting down", next.record.name(), e);
                close();
            }
        }
    }

    private synchronized @Nullable Question begin() {
        Question next = closed || running.size() >= AT_ONCE ? null : waiting.poll();
        if (next != null) {
            next.begunNanos = elapsed.nanoTime();
            running.add(next);
        }
        return next;
    }

    private synchronized void ended(Question question) {
        if (running.remove(question)) {
            asking.remove(question.record);
        }
    }

    /** Asks nothing more. Who owns the executor interrupts what is asked just now. */
    synchronized void close() {
        closed = true;
        waiting.clear();
    }

    /** One certificate, one question. */
    private final class Question implements Runnable {
        private final SiteRecord record;
        private final Certificate certificate;
        private final CertificateIssuer issuer;
        private long begunNanos;

        Question(SiteRecord record, Certificate certificate, CertificateIssuer issuer) {
            this.record = record;
            this.certificate = certificate;
            this.issuer = issuer;
        }

        @Override
        public void run() {
            boolean news = false;
            try {
                // It may have waited for long.
                if (!certificate.isExpired(clock.instant())) {
                    news = take(issuer.suggestedWindow(certificate));
                }
            } catch (IssueFailure e) {
                failed(e);
            } catch (InterruptedException e) {
                LOG.debug("{}: interrupted; {} is asked again later", record.name(), issuer.name());
            } catch (RuntimeException e) {
                LOG.error("{}: {}: a bug while asking when to renew", record.name(), issuer.name(), e);
                failed(new IssueFailure(IssueFailure.Fault.OURS, "unexpected: " + e, e));
            } finally {
                ended(this);
                pump();
            }
            if (news) {
                changed.accept(record);
            }
        }

        /** Whether what the CA said is new. */
        private boolean take(Optional<SuggestedWindow> answer) {
            if (answer.filter(window -> window.end().isBefore(window.start())).isPresent()) {
                failed(new IssueFailure(
                        IssueFailure.Fault.CA, issuer.name() + ": a window that ends before it begins", null));
                return false;
            }
            return record.within(its -> take(its, answer));
        }

        private boolean take(SiteState state, Optional<SuggestedWindow> answer) {
            if (state.certificate() != certificate) {
                return false;
            }
            Suggestion before = suggestion(state, certificate);
            Suggestion next = answer.map(window -> before.answered(window, clock.instant(), random))
                    .orElseGet(() -> before.without(clock.instant()));
            Suggestion.Window window = next.window();
            // What a CA without such wishes did not say is not worth a write.
            state.suggested(next, window != null || before.window() != null);
            boolean news = window == null
                    ? before.window() != null
                    : before.window() == null
                            || !window.pick().equals(before.window().pick());
            if (news && window != null) {
                LOG.info(
                        "{}: {} suggests to renew it between {} and {}; picked {}{}",
                        record.name(),
                        issuer.name(),
                        window.start(),
                        window.end(),
                        window.pick(),
                        window.explanation() == null ? "" : "; see " + window.explanation());
            }
            return news;
        }

        private void failed(IssueFailure failure) {
            record.change(its -> failed(its, failure));
        }

        private void failed(SiteState state, IssueFailure failure) {
            if (state.certificate() != certificate) {
                return;
            }
            Suggestion next =
                    suggestion(state, certificate).failed(failure.retryAfter().orElse(null), clock.instant());
            state.suggested(next, true);
            if (next.failures() == WORTH_SAYING) {
                LOG.warn(
                        "{}: asking when to renew it: {}; asked every few hours, renewed by its life meanwhile",
                        record.name(),
                        failure.getMessage());
            } else {
                LOG.debug("{}: asking when to renew it: {}", record.name(), failure.getMessage());
            }
        }
    }
}
