package dev.postern.certificate.care;

import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.certificate.served.Http01Solver;
import dev.postern.certificate.served.TlsAlpn01Solver;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.OpenChallenge;
import dev.postern.certificate.store.Store;
import dev.postern.config.ChallengeType;
import dev.postern.disk.DiskFailure;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The answers that CAs may come for: in the tables that connections look into, and in the store for as long as their order
 * is not over. A process that stops or dies in the middle of an order has told the CA to look; the one after it answers from its
 * first connection on, be it before the order is taken up again. Any thread.
 */
public final class StoredAnswers {
    private static final Logger LOG = LoggerFactory.getLogger(StoredAnswers.class);

    /** A CA comes within minutes, some try for hours; whoever goes on with the order by then presents its answers anew. */
    private static final Duration LIFE = Duration.ofDays(1);

    private final Store store;
    private final ChallengeTable challenges;
    private final AlpnChallengeTable alpnChallenges;
    private final InstantSource clock;
    // Token → what an order has left, of this process or found in the store, and none has taken up.
    private final Map<String, OpenChallenge> left = new ConcurrentHashMap<>();
    private final ChallengeSolver http01;
    private final ChallengeSolver tlsAlpn01;
    // What it refused is said once, until it takes something.
    private volatile boolean refuses;

    public StoredAnswers(
            Store store, ChallengeTable challenges, AlpnChallengeTable alpnChallenges, InstantSource clock) {
        this.store = store;
        this.challenges = challenges;
        this.alpnChallenges = alpnChallenges;
        this.clock = clock;
        this.http01 = new Stored(new Http01Solver(challenges));
        this.tlsAlpn01 = new Stored(new TlsAlpn01Solver(alpnChallenges));
    }

    public ChallengeSolver http01() {
        return http01;
    }

    public ChallengeSolver tlsAlpn01() {
        return tlsAlpn01;
    }

    /** Shows what a process before this one has left open. A store that cannot be read is no reason not to start. */
    public void restore() {
        sweep();
        Instant now = clock.instant();
        List<OpenChallenge> open = new ArrayList<>();
        try {
            for (String token : store.challenges().tokens()) {
                store.challenges().find(token, now).ifPresent(open::add);
            }
        } catch (IOException e) {
            LOG.warn(
                    "{}: what CAs were told to ask for is not known any more: {}",
                    store.describe(),
                    DiskFailure.reason(e));
        }
        // Of two for one name the later one is looked for.
        open.sort(Comparator.comparing(OpenChallenge::until));
        open.forEach(this::show);
    }

    private void show(OpenChallenge open) {
        ChallengeAnswer answer = open.answer();
        if (open.type() == ChallengeType.TLS_ALPN_01) {
            alpnChallenges.restore(answer.name(), answer.keyAuthorization());
        } else if (open.type() == ChallengeType.HTTP_01) {
            challenges.put(answer.name(), answer.token(), answer.keyAuthorization());
        }
        left.put(open.token(), open);
        LOG.debug("{}: {} for {}: answered until {}", answer.site(), open.type().text(), answer.name(), open.until());
    }

    /** Forgets those that nobody can be waiting for any more. */
    public void sweep() {
        Instant now = clock.instant();
        int ended = takeDown(open -> !open.isOpen(now)).size();
        if (ended > 0) {
            LOG.debug("{}: {} answers that no CA came for are taken away", store.describe(), ended);
        }
        if (!store.isWritable()) {
            return;
        }
        try {
            store.challenges().sweep(now);
        } catch (IOException e) {
            LOG.debug("{}: old challenges stay until the next sweep", store.describe(), e);
        }
    }

    /** Of what is left; answers to connections no more. */
    private List<OpenChallenge> takeDown(Predicate<OpenChallenge> which) {
        List<OpenChallenge> down = left.values().stream()
                .filter(which)
                // Unless an order has taken it up meanwhile.
                .filter(open -> left.remove(open.token(), open))
                .toList();
        for (OpenChallenge open : down) {
            if (open.type() == ChallengeType.TLS_ALPN_01) {
                alpnChallenges.remove(open.answer().name(), open.answer().keyAuthorization());
            } else {
                challenges.remove(open.token());
            }
        }
        return down;
    }

    private void forget(ChallengeAnswer answer) {
        try {
            store.challenges().withdraw(answer);
        } catch (IOException e) {
            LOG.debug("{}: challenge for {}: stays until it is swept", answer.site(), answer.name(), e);
        }
    }

    /** Shows what {@code shown} shows, and keeps it in the store. */
    private final class Stored implements ChallengeSolver {
        private final ChallengeSolver shown;

        private Stored(ChallengeSolver shown) {
            this.shown = shown;
        }

        @Override
        public ChallengeType type() {
            return shown.type();
        }

        @Override
        public void present(ChallengeAnswer answer) throws IOException, InterruptedException {
            left.remove(answer.token());
            shown.present(answer);
            try {
                store.challenges()
                        .publish(new OpenChallenge(
                                type(), answer, clock.instant().plus(LIFE)));
                refuses = false;
            } catch (NotLeader e) {
                throw e;
            } catch (IOException e) {
                if (Thread.interrupted()) {
                    throw (InterruptedException) new InterruptedException("keeping a challenge").initCause(e);
                }
                // This process answers all the same, and mostly it lives for so long.
                LOG.atLevel(refuses ? Level.DEBUG : Level.WARN)
                        .log(
                                "{}: {} for {}: not kept: {}; answered until this process ends",
                                answer.site(),
                                type().text(),
                                answer.name(),
                                DiskFailure.reason(e));
                refuses = true;
            }
        }

        @Override
        public String seen(ChallengeAnswer answer) {
            return shown.seen(answer);
        }

        @Override
        public void withdraw(ChallengeAnswer answer) throws InterruptedException {
            shown.withdraw(answer);
            forget(answer);
        }

        /** In the store it is. */
        @Override
        public void leave(ChallengeAnswer answer) throws InterruptedException {
            shown.withdraw(answer);
            show(new OpenChallenge(type(), answer, clock.instant().plus(LIFE)));
        }

        @Override
        public void proven(String site) {
            takeDown(open -> open.type() == type() && open.answer().site().equals(site))
                    .forEach(open -> forget(open.answer()));
        }
    }
}
