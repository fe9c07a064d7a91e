package dev.postern.schedule;

import java.util.Arrays;
import java.util.List;

/** What is done by the clock. Each has a property of its own in {@code cron/quartz.properties}. */
public enum ScheduledWork {
    /** Looks at all sites. It is the safety net of everything, and cannot be switched off. */
    SWEEP("sweep", "0 * * * * ?", false),
    /** Asks the CAs when they would like certificates to be renewed, RFC 9773. */
    SUGGESTED_WINDOWS("suggested-windows", "0 0 * * * ?", true),
    /** Forgets what the ledger of rate limits and the store need no more. */
    CLEAN_UP("clean-up", "0 41 3 * * ?", false),
    /** Asks our own listeners for every site, and compares what they show with the store. */
    SELF_CHECK("self-check", "0 7/30 * * * ?", false);

    private final String word;
    private final String standard;
    private final boolean asksCa;

    ScheduledWork(String word, String standard, boolean asksCa) {
        this.word = word;
        this.standard = standard;
        this.asksCa = asksCa;
    }

    /** The key in {@code cron/quartz.properties}. */
    public String property() {
        return "postern." + word;
    }

    /** As the triggers and the log call it. */
    String word() {
        return word;
    }

    /** The expression where the file has none: it was written before this work existed. */
    String standard() {
        return standard;
    }

    /** Whether many hosts that do this at the same second would be a burden to a CA. */
    boolean asksCa() {
        return asksCa;
    }

    static ScheduledWork named(String word) {
        return Arrays.stream(values())
                .filter(work -> work.word.equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(word));
    }

    static List<String> properties() {
        return Arrays.stream(values()).map(ScheduledWork::property).toList();
    }
}
