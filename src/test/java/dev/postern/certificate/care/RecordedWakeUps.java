package dev.postern.certificate.care;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Remembers when each site wants to be woken; wakes nobody. */
public final class RecordedWakeUps implements WakeUps {
    private final Map<String, Instant> wishes = new ConcurrentHashMap<>();

    @Override
    public void at(String site, Instant when) {
        wishes.put(site, when);
    }

    Instant of(String site) {
        Instant when = wishes.get(site);
        if (when == null) {
            throw new AssertionError(site + " never asked to be woken");
        }
        return when;
    }
}
