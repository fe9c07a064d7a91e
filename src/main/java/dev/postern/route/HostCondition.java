package dev.postern.route;

import dev.postern.config.Addresses;
import java.net.InetAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which hosts a route is for; without any, for all. Immutable. */
record HostCondition(Set<String> names) {
    boolean isNone() {
        return names.isEmpty();
    }

    /** @param host as {@link RoutedRequest#host} has it */
    boolean holds(String host) {
        if (names.isEmpty() || names.contains(host)) {
            return true;
        }
        if (host.startsWith("[")) {
            String address = address(host);
            return address != null && names.contains(address);
        }
        int dot = host.indexOf('.');
        return dot > 0 && names.contains("*" + host.substring(dot));
    }

    /** In its one form; null where there is no address between the brackets. */
    static @Nullable String address(String inBrackets) {
        InetAddress address = Addresses.literal(inBrackets.substring(1, inBrackets.length() - 1));
        return address == null ? null : Addresses.text(address);
    }
}
