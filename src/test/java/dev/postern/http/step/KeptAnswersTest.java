package dev.postern.http.step;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeptAnswersTest {
    // Whoever floods with new requests makes the others ask again, and keeps no event loop busy with forgetting.
    @Test
    void lastOnesAreKeptAndNeverMoreThanSaid() {
        KeptAnswers<Integer> kept = new KeptAnswers<>(100);

        for (int i = 0; i < 1000; i++) {
            kept.keep("key " + i, i);

            assertThat(kept.size()).isLessThanOrEqualTo(100);
            for (int last = Math.max(0, i - 49); last <= i; last++) {
                assertThat(kept.find("key " + last)).isEqualTo(last);
            }
        }
        assertThat(kept.find("key 800")).isNull();
    }

    @Test
    void newerAnswerToTheSameCounts() {
        KeptAnswers<Integer> kept = new KeptAnswers<>(4);
        kept.keep("a", 1);
        kept.keep("b", 2);
        kept.keep("c", 3);

        kept.keep("a", 4);

        assertThat(kept.find("a")).isEqualTo(4);
        assertThat(kept.find("b")).isEqualTo(2);
    }
}
