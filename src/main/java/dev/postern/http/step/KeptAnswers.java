package dev.postern.http.step;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The last answers, by key: in two halves, of which the older one goes where the younger one is full, so that nobody ever looks
 * through them. Any thread; the lock is held for two assignments.
 */
final class KeptAnswers<V> {
    private final int half;
    private volatile Map<String, V> younger = new ConcurrentHashMap<>();
    private volatile Map<String, V> older = Map.of();

    /** @param most at once; at least half as many of the last ones are there */
    KeptAnswers(int most) {
        this.half = most / 2;
    }

    @Nullable V find(String key) {
        V found = younger.get(key);
        return found == null ? older.get(key) : found;
    }

    void keep(String key, V answer) {
        if (younger.size() >= half) {
            turn();
        }
        younger.put(key, answer);
    }

    private synchronized void turn() {
        // Another loop may have been quicker.
        if (younger.size() >= half) {
            older = younger;
            younger = new ConcurrentHashMap<>();
        }
    }

    int size() {
        return younger.size() + older.size();
    }
}
