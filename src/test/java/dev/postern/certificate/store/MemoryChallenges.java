package dev.postern.certificate.store;

import dev.postern.certificate.issuer.ChallengeAnswer;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The challenges of a {@link MemoryStore}, as one of its holders has them. */
record MemoryChallenges(MemoryStore holder, MemoryStore.Place place, Map<String, OpenChallenge> all)
        implements OpenChallenges {
    @Override
    public void publish(OpenChallenge challenge) throws IOException {
        if (!place.has(MemoryStore.Defect.ANY_TOKEN_IS_TAKEN)) {
            challenge.requireSound();
        }
        holder.writes("site " + challenge.answer().site());
        all.put(challenge.token(), challenge);
    }

    @Override
    public Optional<OpenChallenge> find(String token, Instant now) {
        return Optional.ofNullable(all.get(token))
                .filter(challenge -> challenge.isOpen(now) || place.has(MemoryStore.Defect.WHAT_IS_OVER_IS_FOUND));
    }

    @Override
    public List<String> tokens() {
        return List.copyOf(all.keySet());
    }

    @Override
    public void withdraw(ChallengeAnswer answer) throws IOException {
        holder.writes("site " + answer.site());
        if (!place.has(MemoryStore.Defect.CHALLENGE_STAYS)) {
            all.remove(answer.token());
        }
    }

    @Override
    public void sweep(Instant now) throws IOException {
        holder.requireOpen();
        all.values().removeIf(challenge -> !challenge.isOpen(now));
    }
}
