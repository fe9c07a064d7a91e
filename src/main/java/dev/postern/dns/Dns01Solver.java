package dev.postern.dns;

import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.config.ChallengeType;
import dev.postern.config.Dns01;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Name;
import org.xbill.DNS.SimpleResolver;

/**
 * Answers with a TXT record at {@code _acme-challenge.} and the name,
 * <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.4">RFC 8555 §8.4</a>. A wildcard and the name without it
 * have theirs side by side: a record is added and removed by its value.
 */
public final class Dns01Solver implements ChallengeSolver {
    private static final Logger LOG = LoggerFactory.getLogger(Dns01Solver.class);

    private final TxtRecords records;
    private final Propagation propagation;
    private final ConcurrentHashMap<Shown, TxtRecords.Place> shown = new ConcurrentHashMap<>();

    private record Shown(Name name, String value) {}

    /** @throws IOException where a file with a secret cannot be read; names it */
    public Dns01Solver(Dns01 config, Lookup lookup, MonotonicClock elapsed) throws IOException {
        this(config, lookup, elapsed, SimpleResolver.DEFAULT_PORT);
    }

    Dns01Solver(Dns01 config, Lookup lookup, MonotonicClock elapsed, int authorityPort) throws IOException {
        if (config instanceof Dns01.DynamicUpdate update) {
            this.records = new DynamicUpdates(update, lookup, authorityPort);
        } else {
            this.records = new ProgramUpdates((Dns01.Exec) config, lookup, authorityPort);
        }
        this.propagation = new Propagation(config.propagation(), config.resolvers(), elapsed);
    }

    @Override
    public ChallengeType type() {
        return ChallengeType.DNS_01;
    }

    @Override
    public void present(ChallengeAnswer answer) throws IOException, InterruptedException {
        Name name = name(answer);
        String value = value(answer);
        boolean isShown = false;
        try {
            TxtRecords.Place place = records.add(name, value);
            shown.put(new Shown(name, value), place);
            propagation.await(records, place, value);
            isShown = true;
            LOG.debug("{}: dns-01: {} shows {}", answer.site(), place.at(), value);
        } catch (InterruptedIOException e) {
            throw interrupted(e);
        } finally {
            if (!isShown) {
                // Nobody withdraws what was never shown.
                withdraw(answer);
            }
        }
    }

    @Override
    public void withdraw(ChallengeAnswer answer) throws InterruptedException {
        String value = value(answer);
        try {
            Name name = name(answer);
            TxtRecords.Place place = shown.remove(new Shown(name, value));
            if (place != null) {
                records.remove(name, place, value);
            }
        } catch (InterruptedIOException e) {
            throw interrupted(e);
        } catch (IOException e) {
            LOG.warn(
                    "{}: dns-01: the TXT record \"{}\" of _acme-challenge.{} stays: {}; it does no harm, and can be removed by hand",
                    answer.site(),
                    value,
                    answer.name(),
                    e.getMessage());
        }
    }

    private static InterruptedException interrupted(InterruptedIOException e) {
        // The flag was kept for whoever looks; the exception says it now.
        Thread.interrupted();
        InterruptedException interruption = new InterruptedException(String.valueOf(e.getMessage()));
        interruption.initCause(e);
        return interruption;
    }

    private static Name name(ChallengeAnswer answer) throws IOException {
        return Questions.name("_acme-challenge." + answer.name());
    }

    static String value(ChallengeAnswer answer) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(answer.keyAuthorization().getBytes(StandardCharsets.US_ASCII));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
