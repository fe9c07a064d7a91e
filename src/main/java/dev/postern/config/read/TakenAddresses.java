package dev.postern.config.read;

import dev.postern.config.BindAddress;
import dev.postern.config.Quoted;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The addresses that something listens on: each belongs to one. */
final class TakenAddresses {
    private record Place(Value at, BindAddress address) {}

    private final Map<Integer, List<Place>> byPort = new HashMap<>();

    /** False where one of a range is somebody's, which is a problem at {@code at} then. */
    boolean take(Value at, List<BindAddress> range) {
        for (BindAddress address : range) {
            if (!take(at, address, "")) {
                return false;
            }
        }
        return true;
    }

    /**
     * False where {@code address} is somebody's, which is a problem at {@code at} then.
     *
     * @param kind in front of the address in the message
     */
    boolean take(Value at, BindAddress address, String kind) {
        List<Place> samePort = byPort.computeIfAbsent(address.port(), port -> new ArrayList<>());
        for (Place other : samePort) {
            if (overlap(other.address(), address)) {
                at.problem(kind + Quoted.of(address.toString()) + " overlaps "
                        + Quoted.of(other.address().toString()) + " of "
                        + other.at().path() + " (expected: every listener on addresses of its own)");
                return false;
            }
        }
        samePort.add(new Place(at, address));
        return true;
    }

    /** True if a connection to one could also be meant for the other. Port 0 is another port each time. */
    private static boolean overlap(BindAddress a, BindAddress b) {
        boolean elsewhere =
                a.device() != null && b.device() != null && !a.device().equals(b.device());
        return a.port() == b.port() && a.port() != 0 && !elsewhere && (covers(a, b) || covers(b, a));
    }

    private static boolean covers(BindAddress all, BindAddress one) {
        InetAddress mine = all.address();
        InetAddress other = one.address();
        if (mine == null) {
            return true;
        }
        if (other == null) {
            return false;
        }
        return mine.equals(other)
                || (mine.isAnyLocalAddress() && (mine instanceof Inet4Address) == (other instanceof Inet4Address));
    }
}
