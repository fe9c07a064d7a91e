package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.BasicAuth;
import dev.postern.http.Logins.Answer;
import dev.postern.testing.QueuedExecutor;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.Test;

/** How much work strangers can make, and what is remembered. */
class LoginsTest {
    private final QueuedExecutor executor = new QueuedExecutor();
    private final Logins logins = new Logins(executor, new SecureRandom());
    private final BasicAuth auth = new BasicAuth("x", Map.of("al", hash("right")), true);
    private final List<Boolean> told = new ArrayList<>();

    @Test
    void passwordIsLookedAtOnceHoweverManyAsk() throws Exception {
        assertThat(ask("right", "192.0.2.1")).isEqualTo(Answer.LATER);
        assertThat(ask("right", "192.0.2.2")).isEqualTo(Answer.LATER);
        assertThat(executor.waiting()).isEqualTo(1);

        executor.runAll();

        assertThat(told).containsExactly(true, true);
        assertThat(ask("right", "192.0.2.3")).isEqualTo(Answer.RIGHT);
    }

    @Test
    void wrongPasswordIsRememberedToo() throws Exception {
        assertThat(ask("wrong", "192.0.2.1")).isEqualTo(Answer.LATER);
        executor.runAll();

        assertThat(told).containsExactly(false);
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
        assertThat(told).containsExactly(false, false, false, false, true);
        assertThat(ask("guess", "2001:db8::ffff")).isEqualTo(Answer.LATER);
    }

    @Test
    void onlySoManyWaitHoweverManyClientsThereAre() throws Exception {
        for (int i = 0; i < Logins.WAITING; i++) {
            assertThat(ask("guess " + i, "192.0.2." + i)).isEqualTo(Answer.LATER);
        }

        assertThat(ask("right", "198.51.100.1")).isEqualTo(Answer.TOO_MANY);
        assertThat(executor.waiting()).isEqualTo(Logins.WAITING);
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
        assertThat(told).containsExactly(true, false, false);
    }

    private Answer ask(String password, String client) throws Exception {
        return ask(auth, password, client);
    }

    private Answer ask(BasicAuth of, String password, String client) throws Exception {
        return logins.ask(
                of, "al", password.getBytes(StandardCharsets.UTF_8), InetAddress.getByName(client), told::add);
    }

    private static String hash(String password) {
        return OpenBSDBCrypt.generate(
                "2y", password.toCharArray(), "0123456789abcdef".getBytes(StandardCharsets.US_ASCII), 4);
    }
}
