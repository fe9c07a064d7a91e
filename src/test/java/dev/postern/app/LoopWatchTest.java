package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoopWatchTest {
    private final Fake loop = new Fake("loop", Duration.ofSeconds(30));
    private final Fake clockwork = new Fake("clockwork", Duration.ofMinutes(5));
    private final List<String> failures = new ArrayList<>();
    private int healthy;

    private final LoopWatch watch =
            new LoopWatch(List.of(loop, clockwork), Duration.ofSeconds(1), () -> healthy++, failures::add);

    /** Answers when it is told to. */
    private static final class Fake implements LoopWatch.Watched {
        private final String name;
        private final Duration patience;
        private final List<Runnable> asked = new ArrayList<>();
        private boolean answers = true;
        private boolean ended;

        Fake(String name, Duration patience) {
            this.name = name;
            this.patience = patience;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Duration patience() {
            return patience;
        }

        @Override
        public void ask(Runnable answer) {
            if (answers) {
                answer.run();
            } else {
                asked.add(answer);
            }
        }

        void answersLate() {
            asked.forEach(Runnable::run);
            asked.clear();
        }

        @Override
        public boolean hasEnded() {
            return ended;
        }

        @Override
        public StackTraceElement[] stackTrace() {
            return new StackTraceElement[] {new StackTraceElement("Some", "where", "Some.java", 7)};
        }
    }

    private void steps(int count) {
        for (int i = 0; i < count; i++) {
            watch.step();
        }
    }

    @Test
    void allIsWellWhileEverybodyAnswers() {
        steps(100);

        assertThat(failures).isEmpty();
        assertThat(healthy).isEqualTo(100);
    }

    @Test
    void oneThatIsSilentForItsPatienceIsToldOfWithItsStack() {
        loop.answers = false;

        steps(30);
        assertThat(failures).isEmpty();
        steps(1);

        assertThat(failures)
                .singleElement()
                .asString()
                .contains("thread loop has not answered for 30 s")
                .contains("at Some.where(Some.java:7)");
    }

    @Test
    void whoAnswersInTheLastMomentIsForgiven() {
        for (int i = 0; i < 5; i++) {
            loop.answers = false;
            steps(29);
            loop.answers = true;
            loop.answersLate();
            steps(1);
        }

        assertThat(failures).isEmpty();
    }

    // systemd has a patience of its own: what it is not told for that long is over.
    @Test
    void nothingIsSaidToBeWellOnceOneWasSilentForHalfOfItsPatience() {
        loop.answers = false;

        steps(29);

        assertThat(healthy).isEqualTo(15);
    }

    @Test
    void eachHasItsOwnPatience() {
        clockwork.answers = false;

        steps(299);
        assertThat(failures).isEmpty();
        steps(2);

        assertThat(failures).singleElement().asString().contains("thread clockwork has not answered for 300 s");
    }

    @Test
    void oneThatHasEndedIsToldOfAtOnce() {
        steps(1);
        loop.ended = true;
        steps(1);

        assertThat(failures).singleElement().asString().contains("thread loop has ended");
    }

    @Test
    void endsAreExpectedOnceItIsClosed() {
        watch.close();
        loop.ended = true;
        steps(1);

        assertThat(failures).isEmpty();
    }
}
