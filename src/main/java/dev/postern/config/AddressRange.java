package dev.postern.config;

import java.net.InetAddress;
import java.util.List;

/**
 * A CIDR range such as {@code 10.0.0.0/8} or {@code 2001:db8::/32}; a bare address is a range of one.
 *
 * @param network the lowest address, its bits beyond {@code prefixLength} all zero
 */
public record AddressRange(InetAddress network, int prefixLength) {
    /** True if {@code address} lies inside. An IPv4 address never lies in an IPv6 range. */
    public boolean contains(InetAddress address) {
        byte[] mine = network.getAddress();
        byte[] other = address.getAddress();
        if (mine.length != other.length) {
            return false;
        }
        int whole = prefixLength / 8;
        for (int i = 0; i < whole; i++) {
            if (mine[i] != other[i]) {
                return false;
            }
        }
        int rest = prefixLength % 8;
        return rest == 0 || ((mine[whole] ^ other[whole]) & (0xff << (8 - rest))) == 0;
    }

    /** True if {@code address} lies inside any of them. */
    public static boolean anyContains(List<AddressRange> ranges, InetAddress address) {
        for (int i = 0; i < ranges.size(); i++) {
            if (ranges.get(i).contains(address)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return network.getHostAddress() + "/" + prefixLength;
    }
}
