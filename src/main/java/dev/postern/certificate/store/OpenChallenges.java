package dev.postern.certificate.store;

import dev.postern.certificate.issuer.ChallengeAnswer;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What CAs may ask for now, for all sites: whoever has the store can answer, be it another process after a crash. What is
 * published before a CA is told to look is there when it does. Any thread; blocks.
 */
public interface OpenChallenges {
    /**
     * There, for every holder, when this returns; takes the place of one with the same token.
     *
     * @throws NotLeader where another holder has the lease of its site
     * @throws IOException where it is not sound, there are too many, or the store refuses: nothing is changed
     */
    void publish(OpenChallenge challenge) throws IOException;

    /**
     * The one with this token.
     *
     * @param token whatever somebody asks for
     * @return empty where there is none, its time is over, or it cannot be understood
     */
    Optional<OpenChallenge> find(String token, Instant now) throws IOException;

    /** All there are, also those whose time is over. */
    List<String> tokens() throws IOException;

    /**
     * Its authorization is settled. That it is not there is no failure.
     *
     * @throws NotLeader where another holder has the lease of its site
     */
    void withdraw(ChallengeAnswer answer) throws IOException;

    /** Removes those whose time is over, and what cannot be understood. */
    void sweep(Instant now) throws IOException;
}
