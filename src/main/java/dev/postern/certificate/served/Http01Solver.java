package dev.postern.certificate.served;

import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.config.ChallengeType;

/** Answers on the side port, through {@link ChallengeTable}. */
public record Http01Solver(ChallengeTable challenges) implements ChallengeSolver {
    private static final String ANSWERED =
            " asked this Postern for the token and had it: a CA asks from several places of the world, and all have to get"
                    + " through";

    @Override
    public ChallengeType type() {
        return ChallengeType.HTTP_01;
    }

    @Override
    public void present(ChallengeAnswer answer) {
        challenges.put(answer.name(), answer.token(), answer.keyAuthorization());
    }

    @Override
    public String seen(ChallengeAnswer answer) {
        int clients = challenges.clients(answer.token());
        return switch (clients) {
            case 0 ->
                "no client asked this Postern for the token: the name leads elsewhere, or something in between keeps the CA"
                        + " out";
            case 1 -> "1 client" + ANSWERED;
            default -> clients + " clients" + ANSWERED;
        };
    }

    @Override
    public void withdraw(ChallengeAnswer answer) {
        challenges.remove(answer.token());
    }
}
