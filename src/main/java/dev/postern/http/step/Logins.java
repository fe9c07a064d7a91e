package dev.postern.http.step;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.config.BasicAuth;
import dev.postern.config.Secret;
import dev.postern.wire.ClientNetwork;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at passwords. To compare one with its hash takes a large part of a second by design: that is done on threads of
 * its own, once for each user and password, and only so much of it at once that strangers cannot keep the machine busy
 * with guesses. What was found is remembered under a keyed hash, so that the memory holds no passwords. Any thread.
 *
 * <p>Those who wait take turns: sites first, then users whose password has been right before and all others together, then
 * networks, then clients. Where too many wait, the last one of those who have most makes room for somebody who has less: an
 * attacker with many addresses keeps other sites, known users and other networks waiting for one look each.
 *
 * <p>A look takes as much work whoever it is: as much as the costliest hash of the same users.
 */
public final class Logins {
    private static final Logger LOG = LoggerFactory.getLogger(Logins.class);

    /** How many passwords may wait to be looked at; with a quarter of a second for each, the last one waits 16 s. */
    static final int WAITING = 64;

    /** How many of those may be of one client: somebody who guesses keeps only himself waiting. */
    static final int WAITING_OF_ONE_CLIENT = 4;

    /** Right ones are as many as there are users; of wrong ones, the last that came. */
    private static final int REMEMBERED = 10_000;

    /** Whoever has a longer one is not a person: bcrypt looks at 72 bytes. */
    private static final int LONGEST = 1024;

    /** Compares a password with its hash. */
    interface Comparison {
        boolean matches(String hash, byte[] password);
    }

    /** What is known at once of a user and a password, or later. */
    enum Answer {
        RIGHT,
        WRONG,
        /** Is being looked at; whoever asked will be told. */
        LATER,
        TOO_MANY_OF_THIS_CLIENT,
        TOO_MANY
    }

    /** A password that is to be looked at, and all who wait for it. */
    @SuppressWarnings("ArrayRecordComponent") // Read only, never compared.
    private record Look(
            String digest,
            String person,
            @Nullable String hash,
            int cost,
            String costliest,
            @Nullable String quick,
            byte[] password,
            long client,
            List<Consumer<Answer>> waiting) {}

    private final Executor executor;
    private final Comparison comparison;
    private final KeyedDigest digests;
    private final Set<String> right = ConcurrentHashMap.newKeySet();
    private final Set<String> wrong = ConcurrentHashMap.newKeySet();
    /** Site and user of passwords that were right. Users of the configuration only, so that strangers cannot make it grow. */
    private final Set<String> people = ConcurrentHashMap.newKeySet();
    /** Waiting or being looked at. Its lock is held for as long as it takes to look into them. */
    @GuardedBy("looks") private final Map<String, Look> looks = new HashMap<>();

    @GuardedBy("looks") private final FairLine<Look> line = new FairLine<>();

    /** @param executor whose threads may be busy for long */
    public Logins(Executor executor, SecureRandom random) {
        this(executor, random, PasswordHash::matches);
    }

    Logins(Executor executor, SecureRandom random, Comparison comparison) {
        this.executor = executor;
        this.comparison = comparison;
        this.digests = new KeyedDigest(random);
    }

    /** Under which what is found is remembered. */
    KeyedDigest digests() {
        return digests;
    }

    /**
     * Whether a user is let in.
     *
     * @param site where he wants to be let in
     * @param client whose guess it is
     * @param told hears the verdict where the answer is {@link Answer#LATER}, or that there are too many; on another thread
     */
    Answer ask(String site, BasicAuth auth, String user, byte[] password, InetAddress client, Consumer<Answer> told) {
        if (password.length > LONGEST) {
            return Answer.WRONG;
        }
        Secret known = auth.users().get(user);
        String hash = known == null ? null : known.text();
        String costliest = costliest(auth);
        String digest = digest(user, password, hash == null ? costliest : hash, hash != null);
        if (right.contains(digest)) {
            return Answer.RIGHT;
        }
        if (wrong.contains(digest)) {
            return Answer.WRONG;
        }
        Look sentAway = null;
        synchronized (looks) {
            Look look = looks.get(digest);
            if (look == null) {
                long from = ClientNetwork.of(client);
                if (looks.values().stream().filter(each -> each.client == from).count() >= WAITING_OF_ONE_CLIENT) {
                    return Answer.TOO_MANY_OF_THIS_CLIENT;
                }
                String person = site + ' ' + user;
                List<?> path =
                        List.of(site, people.contains(person) ? person : "", ClientNetwork.neighbourhood(client), from);
                if (looks.size() >= WAITING) {
                    sentAway = line.sendAway(path);
                    if (sentAway == null) {
                        return Answer.TOO_MANY;
                    }
                    looks.remove(sentAway.digest);
                } else if (!begins()) {
                    return Answer.TOO_MANY;
                }
                look = new Look(
                        digest,
                        person,
                        hash,
                        PasswordHash.cost(hash == null ? costliest : hash),
                        costliest,
                        quick(auth),
                        password,
                        from,
                        new ArrayList<>());
                looks.put(digest, look);
                line.add(path, look);
            }
            look.waiting.add(told);
        }
        if (sentAway != null) {
            tell(sentAway, Answer.TOO_MANY);
        }
        return Answer.LATER;
    }

    /** Has one more looked at, whoever's turn it is then. */
    private boolean begins() {
        try {
            executor.execute(this::lookAtNext);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private void lookAtNext() {
        Look look;
        synchronized (looks) {
            look = line.poll();
        }
        if (look == null) {
            return;
        }
        boolean verdict = false;
        try {
            verdict = matches(look);
        } catch (RuntimeException e) {
            LOG.error("auth: bug", e);
        }
        remember(verdict ? right : wrong, look.digest);
        if (verdict) {
            remember(people, look.person);
        }
        synchronized (looks) {
            looks.remove(look.digest);
        }
        tell(look, verdict ? Answer.RIGHT : Answer.WRONG);
    }

    /**
     * One with a cheaper hash, or none at all, is not to be told by the time it takes: a step of the cost doubles the work, so
     * that one look at each cost from his own on adds up to what the costliest takes, and where one has a hash of another kind, a
     * look of that kind is part of every look.
     */
    private boolean matches(Look look) {
        String hash = look.hash == null ? look.costliest : look.hash;
        boolean verdict = comparison.matches(hash, look.password) && look.hash != null;
        if (look.quick != null && !PasswordHash.isQuick(hash)) {
            var unused = comparison.matches(look.quick, look.password);
        }
        int costliest = PasswordHash.cost(look.costliest);
        int from = look.cost;
        if (from < PasswordHash.LEAST_COST && costliest >= PasswordHash.LEAST_COST) {
            from = PasswordHash.LEAST_COST;
            var unused = comparison.matches(PasswordHash.withCost(look.costliest, from), look.password);
        }
        for (int cost = from; cost < costliest; cost++) {
            var unused = comparison.matches(PasswordHash.withCost(look.costliest, cost), look.password);
        }
        return verdict;
    }

    private static void remember(Set<String> set, String what) {
        if (set.size() >= REMEMBERED) {
            set.clear();
        }
        set.add(what);
    }

    private static void tell(Look look, Answer answer) {
        for (Consumer<Answer> told : look.waiting) {
            try {
                told.accept(answer);
            } catch (RejectedExecutionException e) {
                LOG.debug("auth: too late, the event loop has ended");
            }
        }
    }

    /** A hash that is no bcrypt, of those where somebody has one; the slower kind, where there are two. */
    private static @Nullable String quick(BasicAuth auth) {
        String quick = null;
        for (Secret secret : auth.users().values()) {
            String hash = secret.text();
            if (PasswordHash.isQuick(hash) && (quick == null || hash.startsWith("$"))) {
                quick = hash;
            }
        }
        return quick;
    }

    private static String costliest(BasicAuth auth) {
        String costliest = null;
        for (Secret secret : auth.users().values()) {
            String hash = secret.text();
            if (costliest == null || PasswordHash.cost(hash) > PasswordHash.cost(costliest)) {
                costliest = hash;
            }
        }
        return Objects.requireNonNull(costliest, "users");
    }

    /** With the hash in it: what was found of a password ends with that password. */
    private String digest(String user, byte[] password, String hash, boolean known) {
        return digests.of((known ? "user " : "nobody ") + hash + user, password);
    }
}
