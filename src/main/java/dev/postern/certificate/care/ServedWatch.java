package dev.postern.certificate.care;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.care.CertificateStatus.Served;
import dev.postern.certificate.served.ServedCertificates;
import dev.postern.pki.Certificate;
import dev.postern.pki.TlsKeys;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether clients see what was installed: connects to our own listener like one of them and compares. One site after the
 * other, on one thread at a time. Any thread may ask.
 */
public final class ServedWatch {
    private static final Logger LOG = LoggerFactory.getLogger(ServedWatch.class);

    /** How soon a site is looked at again whose clients saw something else: once it is known, a line an hour is enough. */
    private static final Duration AGAIN = Duration.ofHours(1);

    /**
     * So many of all sites are looked at in one go. A handshake makes the TLS context of a certificate, which is to
     * stay: a host with 10,000 sites of which few have clients must not make all of them at once. Each installation is
     * looked at besides.
     */
    static final int AT_A_TIME = 200;

    /** Of a handshake that fails, before anybody is told. */
    private static final int TRIES = 3;

    /** Enough to be nobody's name, and few enough for a label of at most 63 characters. */
    private static final int SERIAL_DIGITS = 16;

    /**
     * A site to look at.
     *
     * @param names those that the certificate does not cover are not asked for: whatever older one they may be shown is
     *     not what was installed
     * @param isOneOfTwo whether other clients are shown another one, with a key of another kind
     * @param certificate what is installed for it now; null where there is nothing to serve
     */
    record Subject(String site, List<String> names, boolean isOneOfTwo, Supplier<@Nullable Certificate> certificate) {
        X509Certificate leaf(ServedCertificates listeners, String name, Certificate installed) throws IOException {
            return isOneOfTwo && TlsKeys.isRsa(installed.key()) ? listeners.leafOfRsa(name) : listeners.leaf(name);
        }
    }

    private record Answer(Subject subject, Certificate certificate, Served served) {}

    private final InstantSource clock;
    private final Executor executor;
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private volatile @Nullable ServedCertificates served;

    @GuardedBy("this") private final Map<String, Subject> waiting = new LinkedHashMap<>();

    @GuardedBy("this") private boolean busy;

    @GuardedBy("this") private int turn;

    ServedWatch(InstantSource clock, Executor executor) {
        this.clock = clock;
        this.executor = executor;
    }

    /** There are listeners from now on. */
    void start(ServedCertificates listeners) {
        served = listeners;
    }

    public boolean isStarted() {
        return served != null;
    }

    void close() {
        served = null;
        synchronized (this) {
            waiting.clear();
        }
    }

    /** The site is none any more, or another one. */
    void forget(String site) {
        answers.remove(site);
        synchronized (this) {
            waiting.remove(site);
        }
    }

    /** Looks at it soon. */
    void ask(Subject subject) {
        if (served == null) {
            return;
        }
        synchronized (this) {
            waiting.put(subject.site(), subject);
            if (busy) {
                return;
            }
            busy = true;
        }
        try {
            executor.execute(this::askAll);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: not asked for, shutting down", subject.site(), e);
            close();
        }
    }

    /** Looks soon at some of them, and the next time at the next ones. */
    void askInTurn(List<Subject> all) {
        if (all.isEmpty()) {
            return;
        }
        int count = Math.min(AT_A_TIME, all.size());
        int from;
        synchronized (this) {
            from = turn % all.size();
            turn = (from + count) % all.size();
        }
        for (int i = 0; i < count; i++) {
            ask(all.get((from + i) % all.size()));
        }
    }

    /** Looks again at those whose clients saw something else, where the last look was long enough ago. */
    void askAgain() {
        Instant now = clock.instant();
        for (Answer answer : answers.values()) {
            Instant at = answer.served().at();
            boolean bad = answer.served().answer() == Served.Answer.NO;
            if (bad && at != null && (at.isAfter(now) || !at.plus(AGAIN).isAfter(now))) {
                ask(answer.subject());
            }
        }
    }

    private void askAll() {
        for (Subject next = take(); next != null; next = take()) {
            try {
                Served result = look(next);
                if (result.answer() == Served.Answer.NO) {
                    LOG.error("{}: {}; looked at again in an hour", next.site(), result.why());
                } else {
                    LOG.debug("{}: served: {}", next.site(), result.answer());
                }
            } catch (RuntimeException e) {
                LOG.error("{}: a bug while connecting to it: {}", next.site(), e.toString(), e);
            }
        }
    }

    private synchronized @Nullable Subject take() {
        if (waiting.isEmpty()) {
            busy = false;
            return null;
        }
        String first = waiting.keySet().iterator().next();
        return waiting.remove(first);
    }

    /** Looks now. Blocks. */
    public Served look(Subject subject) {
        ServedCertificates listeners = served;
        while (true) {
            Instant now = clock.instant();
            Certificate installed = subject.certificate().get();
            if (listeners == null || installed == null || installed.isExpired(now)) {
                answers.remove(subject.site());
                return Served.NOT_ASKED;
            }
            Served result = look(listeners, subject, installed, now);
            if (subject.certificate().get() == installed) {
                answers.put(subject.site(), new Answer(subject, installed, result));
                return result;
            }
            // Another one was installed meanwhile: what was seen says nothing.
        }
    }

    private static Served look(ServedCertificates listeners, Subject subject, Certificate installed, Instant now) {
        boolean asked = false;
        X509Certificate expected = installed.leaf();
        for (String each : subject.names()) {
            String name = serverName(each, installed);
            if (!installed.covers(name) || !listeners.mayAsk(name)) {
                continue;
            }
            asked = true;
            try {
                X509Certificate shown = leaf(listeners, subject, name, installed);
                if (!shown.equals(expected)) {
                    return Served.no(
                            name + ": clients are shown the certificate with serial "
                                    + shown.getSerialNumber().toString(16) + ", but the one with serial "
                                    + installed.serialText() + " is installed",
                            now);
                }
            } catch (IOException e) {
                return Served.no(
                        name + ": clients are shown no certificate, but the one with serial " + installed.serialText()
                                + " is installed: " + e.getMessage(),
                        now);
            }
        }
        return asked ? Served.yes(now) : Served.NOT_ASKED;
    }

    /** Asks more than once: an answer that does not come in time says more about the load than about the certificate. */
    private static X509Certificate leaf(
            ServedCertificates listeners, Subject subject, String name, Certificate installed) throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                return subject.leaf(listeners, name, installed);
            } catch (IOException e) {
                if (tries == TRIES) {
                    throw e;
                }
                LOG.debug("{}: not shown at try {} of {}", name, tries, TRIES, e);
            }
        }
    }

    /**
     * What a client asks for: of a wildcard some name under it (<a
     * href="https://datatracker.ietf.org/doc/html/rfc6066#section-3">RFC 6066 §3</a> knows no wildcards). Made of the
     * serial, which is random, so that nobody has a site of that name.
     */
    private static String serverName(String name, Certificate installed) {
        if (!name.startsWith("*.")) {
            return name;
        }
        String serial = installed.serialText();
        return "postern-" + serial.substring(0, Math.min(serial.length(), SERIAL_DIGITS)) + name.substring(1);
    }

    /** What the last look at this certificate of the site found. */
    public Served of(String site, @Nullable Certificate certificate) {
        Answer answer = answers.get(site);
        return answer == null || answer.certificate() != certificate ? Served.NOT_ASKED : answer.served();
    }
}
