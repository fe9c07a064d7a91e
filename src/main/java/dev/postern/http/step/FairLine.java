package dev.postern.http.step;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who waits, in groups of groups: whoever is next comes from the group whose turn it is, and there from the group whose
 * turn it is, so that many in one group keep each other waiting and nobody else. Not for several threads.
 */
final class FairLine<T> {
    private static final class Group<T> {
        /** In the order of their turns; none of them is empty. */
        private final Map<Object, Group<T>> groups = new LinkedHashMap<>();
        /** Of a group that has no groups. */
        private final ArrayDeque<T> line = new ArrayDeque<>();

        private int size;
    }

    private final Group<T> all = new Group<>();

    /** @param path the group at each level, from the outermost one; always as many */
    void add(List<?> path, T last) {
        Group<T> at = all;
        at.size++;
        for (Object name : path) {
            at = at.groups.computeIfAbsent(name, n -> new Group<>());
            at.size++;
        }
        at.line.addLast(last);
    }

    /** Whoever is next; null where nobody waits. */
    @Nullable T poll() {
        return all.size == 0 ? null : poll(all);
    }

    private static <T> T poll(Group<T> from) {
        from.size--;
        if (from.groups.isEmpty()) {
            return from.line.removeFirst();
        }
        Iterator<Map.Entry<Object, Group<T>>> turns = from.groups.entrySet().iterator();
        Map.Entry<Object, Group<T>> turn = turns.next();
        Object name = turn.getKey();
        Group<T> group = turn.getValue();
        turns.remove();
        T next = poll(group);
        if (group.size > 0) {
            from.groups.put(name, group);
        }
        return next;
    }

    /**
     * Sends away the last of a group that has more than its share, for somebody of {@code path}; null where no group has so
     * much more than his that it would be fairer without.
     */
    @Nullable T sendAway(List<?> path) {
        return sendAway(all, path, 0);
    }

    private static <T> @Nullable T sendAway(Group<T> from, List<?> path, int level) {
        if (level == path.size()) {
            return null;
        }
        Group<T> his = from.groups.get(path.get(level));
        Object most = largest(from);
        Group<T> largest = most == null ? null : from.groups.get(most);
        T gone;
        if (largest != null && largest.size >= (his == null ? 0 : his.size) + 2) {
            gone = last(largest);
            removeIfEmpty(from, most, largest);
        } else {
            gone = his == null ? null : sendAway(his, path, level + 1);
        }
        if (gone != null) {
            from.size--;
        }
        return gone;
    }

    /** The last one of the largest group there. */
    private static <T> T last(Group<T> from) {
        from.size--;
        Object most = largest(from);
        Group<T> largest = most == null ? null : from.groups.get(most);
        if (most == null || largest == null) {
            return from.line.removeLast();
        }
        T gone = last(largest);
        removeIfEmpty(from, most, largest);
        return gone;
    }

    private static <T> void removeIfEmpty(Group<T> from, @Nullable Object name, Group<T> group) {
        if (group.size == 0 && name != null) {
            from.groups.remove(name);
        }
    }

    private static <T> @Nullable Object largest(Group<T> from) {
        Object largest = null;
        int most = 0;
        for (Map.Entry<Object, Group<T>> each : from.groups.entrySet()) {
            if (each.getValue().size > most) {
                most = each.getValue().size;
                largest = each.getKey();
            }
        }
        return largest;
    }
}
