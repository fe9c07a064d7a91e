package dev.postern.certificate.served;

import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.config.ChallengeType;
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
    public String seen(ChallengeAnswer answer) {
        int looks = challenges.looks(answer.name());
        return looks == 0
                ? "no validator began a handshake with this Postern: the name leads elsewhere, or something in between keeps"
                        + " the CA out"
                : "handshakes of validators with this Postern: " + looks
                        + "; a CA comes from several places of the world, and" + " all have to get through";
    }

    @Override
    public void withdraw(ChallengeAnswer answer) {
        challenges.remove(answer.name(), answer.keyAuthorization());
    }
}
