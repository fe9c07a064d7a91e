package dev.postern.alert;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.config.Alerts;
import dev.postern.config.Alerts.About;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares what is wrong with what was told: each trouble is told once, and once more when it is over. What comes and goes
 * between two looks is told by nobody. Any thread.
 */
public final class TroubleWatch {
    /** How often in a row a trouble has to be there, or not to be there any more, before it is told. */
    private static final int LOOKS = 2;

    private static final class Known {
        private final Trouble trouble;
        private final Instant since;
        private int seen = 1;
        private int missed;
        private boolean told;

        Known(Trouble trouble, Instant since) {
            this.trouble = trouble;
            this.since = since;
        }
    }

    private final Delivery delivery;
    private final InstantSource clock;

    @GuardedBy("this") private final Map<Trouble.Key, Known> known = new HashMap<>();

    @GuardedBy("this") private Set<About> about = Set.of();

    public TroubleWatch(Delivery delivery, InstantSource clock) {
        this.delivery = delivery;
        this.clock = clock;
    }

    /** @param alerts null where nobody is told any more */
    public synchronized void follow(@Nullable Alerts alerts) {
        about = alerts == null ? Set.of() : alerts.about();
        delivery.follow(alerts);
    }

    /** Whether anybody is told of anything. */
    public synchronized boolean isOn() {
        return !about.isEmpty();
    }

    /** @param now all that is wrong now */
    public synchronized void look(List<Trouble> now) {
        Set<Trouble.Key> there = new HashSet<>();
        for (Trouble trouble : now) {
            if (!about.contains(trouble.about()) || !there.add(trouble.key())) {
                continue;
            }
            Known one = known.get(trouble.key());
            if (one == null) {
                known.put(trouble.key(), new Known(trouble, clock.instant()));
                continue;
            }
            one.missed = 0;
            if (++one.seen >= LOOKS && !one.told) {
                one.told = true;
                tell(Message.State.BEGUN, trouble, trouble.text());
            }
        }
        for (Iterator<Map.Entry<Trouble.Key, Known>> all = known.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Trouble.Key, Known> entry = all.next();
            Known one = entry.getValue();
            if (!there.contains(entry.getKey()) && (!one.told || ++one.missed >= LOOKS)) {
                all.remove();
                if (one.told && about.contains(one.trouble.about())) {
                    tell(Message.State.OVER, one.trouble, "It began at " + one.since + ".");
                }
            }
        }
        delivery.look();
    }

    private void tell(Message.State state, Trouble trouble, String text) {
        String event = switch (trouble.about()) {
            case RENEWALS -> "renewal_overdue";
            case NAMES -> "name_left_out";
            case BACKENDS -> "backend_down";
            case LOGS -> "log_incomplete";
        };
        delivery.tell(
                new Message(state, event, trouble.subject(), trouble.title(), text, delivery.host(), clock.instant()));
    }
}
