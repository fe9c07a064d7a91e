package dev.postern.certificate;

import dev.postern.config.Configuration.ChallengeType;
import java.io.IOException;

/** Answers on the https listener, through {@link AlpnChallengeTable}. */
public record TlsAlpn01Solver(AlpnChallengeTable challenges) implements ChallengeSolver {
    @Override
    public ChallengeType type() {
        return ChallengeType.TLS_ALPN_01;
    }

    @Override
    public void present(ChallengeAnswer answer) throws IOException {
        challenges.put(answer.name(), answer.keyAuthorization());
    }

    @Override
    public void withdraw(ChallengeAnswer answer) {
        challenges.remove(answer.name(), answer.keyAuthorization());
    }
}
