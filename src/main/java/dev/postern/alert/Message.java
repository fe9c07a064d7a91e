package dev.postern.alert;

import java.time.Instant;

/**
 * What somebody is told.
 *
 * @param state whether it begins or is over
 * @param event stable, for programs: {@code renewal_overdue}
 * @param host that tells it
 */
public record Message(State state, String event, String subject, String title, String text, String host, Instant at) {
    /** What has become of it. */
    public enum State {
        BEGUN("begun"),
        OVER("over"),
        /** Others, which were too many. */
        SUMMARY("summary"),
        TEST("test");

        private final String word;

        State(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    /** In one line, for whoever reads no more. */
    String headline() {
        return (state == State.OVER ? "over: " : "") + title;
    }

    /** To see whether it gets there. */
    public static Message test(String host, Instant at) {
        return new Message(
                State.TEST,
                "test",
                "postern",
                "a test of alerts",
                "postern alerts test on " + host + ": whoever reads this hears of trouble.",
                host,
                at);
    }
}
