package dev.postern.certificate;

import static org.assertj.core.api.Assertions.assertThat;

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
}
