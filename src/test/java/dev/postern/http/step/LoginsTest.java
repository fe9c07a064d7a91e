package dev.postern.http.step;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.BasicAuth;
import dev.postern.config.Secret;
import dev.postern.http.step.Logins.Answer;
import dev.postern.testing.QueuedExecutor;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.commons.codec.digest.Md5Crypt;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.Test;

/** How much work strangers can make, and what is remembered. */
class LoginsTest {
    private static final String SITE = "one";

    private final QueuedExecutor executor = new QueuedExecutor();
    private final Logins logins = new Logins(executor, new SecureRandom());
    private final BasicAuth auth = new BasicAuth("x", Map.of("al", hash("right")), true);
    private final List<Answer> told = new ArrayList<>();

    @Test
    void passwordIsLookedAtOnceHoweverManyAsk() throws Exception {
        assertThat(ask("right", "192.0.2.1")).isEqualTo(Answer.LATER);
        assertThat(ask("right", "192.0.2.2")).isEqualTo(Answer.LATER);
        assertThat(executor.waiting()).isEqualTo(1);

        executor.runAll();

        assertThat(told).containsExactly(Answer.RIGHT, Answer.RIGHT);
        assertThat(ask("right", "192.0.2.3")).isEqualTo(Answer.RIGHT);
    }

    @Test
    void wrongPasswordIsRememberedToo() throws Exception {
        assertThat(ask("wrong", "192.0.2.1")).isEqualTo(Answer.LATER);
        executor.runAll();

        assertThat(told).containsExactly(Answer.WRONG);
        assertThat(ask("wrong", "192.0.2.1")).isEqualTo(Answer.WRONG);
    }

    @Test
    void whoeverGuessesKeepsOnlyHimselfWaiting() throws Exception {
        for (int i = 0; i < Logins.WAITING_OF_ONE_CLIENT; i++) {
            assertThat(ask("guess " + i, "2001:db8::" + i)).isEqualTo(Answer.LATER);
        }

        // The same network of 64 bits is the same client.
        assertThat(ask("guess", "2001:db8::ffff")).isEqualTo(Answer.TOO_MANY_OF_THIS_CLIENT);
        assertThat(ask("right", "2001:db8:0:1::1")).isEqualTo(Answer.LATER);
        executor.runAll();
        // He is next after the first of the guesses.
        assertThat(told).containsExactly(Answer.WRONG, Answer.RIGHT, Answer.WRONG, Answer.WRONG, Answer.WRONG);
        assertThat(ask("guess", "2001:db8::ffff")).isEqualTo(Answer.LATER);
    }

    @Test
    void onlySoManyWaitHoweverManyClientsThereAre() throws Exception {
        for (int i = 0; i < Logins.WAITING; i++) {
            assertThat(ask("guess " + i, "192.0." + i + ".1")).isEqualTo(Answer.LATER);
        }

        // All of them have one each, and so would he.
        assertThat(ask("right", "198.51.100.1")).isEqualTo(Answer.TOO_MANY);
        assertThat(executor.waiting()).isEqualTo(Logins.WAITING);
    }

    /** Sixteen of his addresses wait with four guesses each, on whatever sites: whoever else comes is next or nearly so. */
    @Test
    void attackerWithManyAddressesKeepsOutNeitherOtherNetworksNorOtherSites() throws Exception {
        List<Answer> attacker = new ArrayList<>();
        for (int i = 0; i < 16 * Logins.WAITING_OF_ONE_CLIENT; i++) {
            assertThat(ask(i % 2 == 0 ? SITE : "two", auth, "u" + i % 5, "guess " + i, "192.0.2." + i / 4, attacker))
                    .isEqualTo(Answer.LATER);
        }
        List<Answer> others = new ArrayList<>();

        assertThat(ask(SITE, auth, "al", "right", "198.51.100.1", others)).isEqualTo(Answer.LATER);
        assertThat(ask("three", auth, "al", "not yet", "198.51.100.2", others)).isEqualTo(Answer.LATER);
        assertThat(ask("three", auth, "al", "nor that", "2001:db8::1", others)).isEqualTo(Answer.LATER);

        // He made room for them, and no more work was begun than may be.
        assertThat(attacker).containsExactly(Answer.TOO_MANY, Answer.TOO_MANY, Answer.TOO_MANY);
        assertThat(executor.waiting()).isEqualTo(Logins.WAITING);
        for (int i = 0; i < 9; i++) {
            executor.runNext();
        }
        assertThat(others).containsExactlyInAnyOrder(Answer.RIGHT, Answer.WRONG, Answer.WRONG);
    }

    /** Even one who comes from more networks than can wait. */
    @Test
    void thereIsRoomForUsersWhosePasswordWasRightBefore() throws Exception {
        ask("right", "198.51.100.1");
        executor.runAll();
        List<Answer> attacker = new ArrayList<>();
        for (int i = 0; i < 2 * Logins.WAITING; i++) {
            ask(SITE, auth, "bo", "guess " + i, "10.0." + i + ".1", attacker);
        }
        List<Answer> others = new ArrayList<>();

        // His password has changed, so that it has to be looked at again.
        BasicAuth changed = new BasicAuth("x", Map.of("al", hash("other")), true);
        assertThat(ask(SITE, changed, "al", "other", "203.0.113.1", others)).isEqualTo(Answer.LATER);

        executor.runNext();
        executor.runNext();
        assertThat(others).containsExactly(Answer.RIGHT);
    }

    /** Rounds, not time: what a stranger can measure is the same for every name, so that no name can be told. */
    @Test
    void everyNameTakesTheSameWork() throws Exception {
        AtomicLong rounds = new AtomicLong();
        Logins counting = new Logins(executor, new SecureRandom(), (hash, password) -> {
            rounds.addAndGet(1L << Integer.parseInt(hash.substring(4, 6)));
            return OpenBSDBCrypt.checkPassword(hash, password);
        });
        BasicAuth users =
                new BasicAuth("x", Map.of("four", hash("a", 4), "five", hash("b", 5), "nine", hash("c", 9)), true);

        for (String[] each : new String[][] {
            {"four", "a"},
            {"four", "x"},
            {"five", "b"},
            {"five", "x"},
            {"nine", "c"},
            {"nine", "x"},
            {"nobody", "x"},
            {"", "x"}
        }) {
            rounds.set(0);
            List<Answer> hears = new ArrayList<>();
            counting.ask(
                    SITE,
                    users,
                    each[0],
                    each[1].getBytes(StandardCharsets.UTF_8),
                    InetAddress.getByName("192.0.2.1"),
                    hears::add);
            executor.runAll();

            assertThat(hears).containsExactly(each[1].equals("x") ? Answer.WRONG : Answer.RIGHT);
            assertThat(rounds).as(each[0]).hasValue(1 << 9);
        }
    }

    /** A look at a quick hash is a part of every look where one has such a hash, and bcrypt a part of his. */
    @Test
    void everyNameTakesTheSameWorkWhereHashesAreOfTwoKinds() throws Exception {
        AtomicLong rounds = new AtomicLong();
        AtomicLong quick = new AtomicLong();
        Logins counting = new Logins(executor, new SecureRandom(), (hash, password) -> {
            if (PasswordHash.isQuick(hash)) {
                quick.incrementAndGet();
            } else {
                rounds.addAndGet(1L << Integer.parseInt(hash.substring(4, 6)));
            }
            return PasswordHash.matches(hash, password);
        });
        BasicAuth users = new BasicAuth(
                "x",
                Map.of("apr", new Secret(Md5Crypt.apr1Crypt("a")), "six", hash("b", 6), "eight", hash("c", 8)),
                true);

        for (String each : List.of("apr a", "apr x", "six b", "six x", "eight c", "nobody x")) {
            rounds.set(0);
            quick.set(0);
            List<Answer> hears = new ArrayList<>();
            counting.ask(
                    SITE,
                    users,
                    each.split(" ", -1)[0],
                    each.split(" ", -1)[1].getBytes(StandardCharsets.UTF_8),
                    InetAddress.getByName("192.0.2.1"),
                    hears::add);
            executor.runAll();

            assertThat(hears).containsExactly(each.endsWith("x") ? Answer.WRONG : Answer.RIGHT);
            assertThat(rounds).as(each).hasValue(1 << 8);
            assertThat(quick).as(each).hasValue(1);
        }
    }

    @Test
    void changedHashEndsWhatWasFound() throws Exception {
        ask("right", "192.0.2.1");
        executor.runAll();
        BasicAuth changed = new BasicAuth("x", Map.of("al", hash("other")), true);
        BasicAuth removed = new BasicAuth("x", Map.of("bo", hash("right")), true);

        assertThat(ask(changed, "right", "192.0.2.1")).isEqualTo(Answer.LATER);
        assertThat(ask(removed, "right", "192.0.2.1")).isEqualTo(Answer.LATER);
        executor.runAll();
        assertThat(told).containsExactly(Answer.RIGHT, Answer.WRONG, Answer.WRONG);
    }

    private Answer ask(String password, String client) throws Exception {
        return ask(auth, password, client);
    }

    private Answer ask(BasicAuth of, String password, String client) throws Exception {
        return ask(SITE, of, "al", password, client, told);
    }

    private Answer ask(String site, BasicAuth of, String user, String password, String client, List<Answer> hears)
            throws Exception {
        return logins.ask(
                site, of, user, password.getBytes(StandardCharsets.UTF_8), InetAddress.getByName(client), hears::add);
    }

    private static Secret hash(String password) {
        return hash(password, 4);
    }

    private static Secret hash(String password, int cost) {
        return new Secret(OpenBSDBCrypt.generate(
                "2y", password.toCharArray(), "0123456789abcdef".getBytes(StandardCharsets.US_ASCII), cost));
    }
}
