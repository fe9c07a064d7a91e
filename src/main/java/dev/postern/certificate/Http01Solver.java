package dev.postern.certificate;

import dev.postern.config.Configuration.ChallengeType;

/** Answers on the side port, through {@link ChallengeTable}. */
public record Http01Solver(ChallengeTable challenges) implements ChallengeSolver {
    @Override
    public ChallengeType type() {
        return ChallengeType.HTTP_01;
    }

    @Override
    public void present(ChallengeAnswer answer) {
        challenges.put(answer.name(), answer.token(), answer.keyAuthorization());
    }

    @Override
    public void withdraw(ChallengeAnswer answer) {
        challenges.remove(answer.token());
    }
}
