package dev.postern.certificate.served;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.ChallengeAnswer;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

class ChallengeTableTest {
    @Test
    void nameIsOpenFromThePresentingToTheWithdrawalOfItsAnswer() {
        ChallengeTable challenges = new ChallengeTable();
        ChallengeAnswer answer = new ChallengeAnswer("example.com", "example.com", "token", "token.thumbprint");
        Http01Solver solver = new Http01Solver(challenges);

        solver.present(answer);
        assertThat(challenges.answer("token")).isEqualTo("token.thumbprint");
        assertThat(challenges.isOpenFor("Example.com")).isTrue();
        assertThat(challenges.isOpenFor("other.example.com")).isFalse();

        solver.withdraw(answer);
        assertThat(challenges.isOpenFor("example.com")).isFalse();
    }

    /**
     * Users' trouble: the CA failed "during secondary validation", because of a firewall that let in one part of the world
     * only; nobody could see how many of its validators had come.
     */
    @Test
    void validatorsThatCameAreCounted() throws Exception {
        ChallengeTable challenges = new ChallengeTable();
        ChallengeAnswer answer = new ChallengeAnswer("example.com", "example.com", "token", "token.thumbprint");
        Http01Solver solver = new Http01Solver(challenges);
        solver.present(answer);
        assertThat(solver.seen(answer)).startsWith("no client asked this Postern for the token: ");

        assertThat(challenges.answer("token", "192.0.2.1")).isEqualTo("token.thumbprint");
        assertThat(challenges.answer("token", "192.0.2.1")).isEqualTo("token.thumbprint");
        assertThat(challenges.answer("other", "192.0.2.7")).isNull();
        assertThat(solver.seen(answer)).startsWith("1 client asked this Postern for the token and had it: ");
        assertThat(challenges.answer("token", "2001:db8::1")).isNotNull();
        assertThat(solver.seen(answer)).startsWith("2 clients asked ");

        // Whoever learns of a token may come as often as they like.
        for (int i = 0; i < 1000; i++) {
            assertThat(challenges.answer("token", "10.0.0." + i)).isNotNull();
        }
        assertThat(challenges.clients("token")).isEqualTo(64);
        solver.withdraw(answer);
        assertThat(challenges.clients("token")).isZero();
    }

    @Test
    void handshakesOfValidatorsAreCounted() throws Exception {
        AlpnChallengeTable challenges = new AlpnChallengeTable(InstantSource.system());
        ChallengeAnswer answer = new ChallengeAnswer("example.com", "example.com", "token", "token.thumbprint");
        TlsAlpn01Solver solver = new TlsAlpn01Solver(challenges);
        solver.present(answer);
        assertThat(solver.seen(answer)).startsWith("no validator began a handshake with this Postern: ");

        challenges.find("example.com");
        challenges.find("example.com");

        assertThat(solver.seen(answer)).startsWith("handshakes of validators with this Postern: 2; ");
    }
}
