package dev.postern.backend;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The addresses of one server: those that its health checks found it well at, the one that took a connection last first.
 * Any thread; to read costs one look at a volatile.
 */
final class ServerAddresses {
    private volatile List<SocketAddress> all = List.of();
    private volatile List<SocketAddress> good = List.of();

    @GuardedBy("this") private final Set<SocketAddress> failed = new HashSet<>();

    /** All where all have failed: then it is for the backend to say whether it is tried. */
    List<SocketAddress> good() {
        return good;
    }

    List<SocketAddress> all() {
        return all;
    }

    /** These from now on; the one that came first still does if it is among them. Returns whether they are others. */
    synchronized boolean become(List<SocketAddress> now) {
        if (all.size() == now.size() && all.containsAll(now)) {
            return false;
        }
        List<SocketAddress> next = new ArrayList<>(now);
        if (!all.isEmpty() && next.remove(all.get(0))) {
            next.add(0, all.get(0));
        }
        failed.retainAll(next);
        set(next);
        return true;
    }

    synchronized void prefer(SocketAddress address) {
        List<SocketAddress> next = new ArrayList<>(all);
        if (next.remove(address)) {
            next.add(0, address);
            set(next);
        }
    }

    synchronized boolean fail(SocketAddress address) {
        boolean changed = failed.add(address);
        set(all);
        return changed;
    }

    synchronized boolean recover(SocketAddress address) {
        boolean changed = failed.remove(address);
        set(all);
        return changed;
    }

    synchronized boolean hasFailed(SocketAddress address) {
        return failed.contains(address);
    }

    synchronized boolean allHaveFailed() {
        return failed.containsAll(all);
    }

    synchronized boolean allHaveFailedBut(SocketAddress address) {
        for (SocketAddress other : all) {
            if (!other.equals(address) && !failed.contains(other)) {
                return false;
            }
        }
        return true;
    }

    synchronized void forget() {
        failed.clear();
        set(all);
    }

    @GuardedBy("this") private void set(List<SocketAddress> next) {
        List<SocketAddress> left = new ArrayList<>(next);
        left.removeAll(failed);
        all = List.copyOf(next);
        good = left.isEmpty() ? all : List.copyOf(left);
    }
}
