package dev.postern.schedule;

import dev.postern.config.Suggestion;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Date;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.quartz.CronExpression;
import org.quartz.CronScheduleBuilder;

/** Which work is done when: the {@code postern.*} properties, checked. Work that is switched off is not in it. */
final class CronTable {
    private static final String PREFIX = "postern.";
    private static final String OFF = "off";

    private final Map<ScheduledWork, String> expressions;

    private CronTable(Map<ScheduledWork, String> expressions) {
        this.expressions = Collections.unmodifiableMap(expressions);
    }

    /** @throws IllegalArgumentException one line: the property, its value, and what is wrong with it */
    static CronTable of(Properties properties) {
        for (String key : new TreeSet<>(properties.stringPropertyNames())) {
            if (key.startsWith(PREFIX) && !ScheduledWork.properties().contains(key)) {
                throw new IllegalArgumentException(
                        key + ": no such property" + Suggestion.among(ScheduledWork.properties(), key));
            }
        }
        Map<ScheduledWork, String> expressions = new EnumMap<>(ScheduledWork.class);
        for (ScheduledWork work : ScheduledWork.values()) {
            String expression =
                    properties.getProperty(work.property(), work.standard()).trim();
            if (!expression.equals(OFF)) {
                check(work, expression);
                expressions.put(work, expression);
            } else if (work == ScheduledWork.SWEEP) {
                throw new IllegalArgumentException(problem(work, expression)
                        + " is not possible: without it, what went wrong once would never be tried again" + such(work));
            }
        }
        return new CronTable(expressions);
    }

    private static void check(ScheduledWork work, String expression) {
        try {
            // By the clock of the host, like Quartz, which refuses such a trigger.
            if (CronScheduleBuilder.cronSchedule(new CronExpression(expression))
                            .build()
                            .getFireTimeAfter(null)
                    == null) {
                throw new IllegalArgumentException(problem(work, expression) + " never comes again" + such(work));
            }
        } catch (ParseException e) {
            throw new IllegalArgumentException(
                    problem(work, expression) + " is not a cron expression of Quartz: " + e.getMessage() + such(work),
                    e);
        }
    }

    private static String problem(ScheduledWork work, String expression) {
        return work.property() + ": \"" + expression + "\"";
    }

    private static String such(ScheduledWork work) {
        return " (expected: such as \"" + work.standard() + "\"" + (work == ScheduledWork.SWEEP ? "" : ", or off")
                + ")";
    }

    Set<ScheduledWork> works() {
        return expressions.keySet();
    }

    /** @throws NullPointerException where the work is switched off */
    String expression(ScheduledWork work) {
        return Objects.requireNonNull(expressions.get(work), work.property());
    }

    /** When the work is due next; null where it is switched off, or never again. */
    @Nullable Instant next(ScheduledWork work, Instant now) {
        String expression = expressions.get(work);
        return expression == null ? null : next(expression, now);
    }

    @SuppressWarnings("JavaUtilDate") // Quartz knows no other.
    private static @Nullable Instant next(String expression, Instant now) {
        try {
            Date next = new CronExpression(expression).getNextValidTimeAfter(Date.from(now));
            return next == null ? null : next.toInstant();
        } catch (ParseException e) {
            throw new IllegalStateException(e);
        }
    }

    /** How long it is until the work after {@code now} is due once more; zero where never. */
    Duration period(ScheduledWork work, Instant now) {
        Instant next = next(work, now);
        return next == null ? Duration.ZERO : Duration.between(now, next);
    }
}
