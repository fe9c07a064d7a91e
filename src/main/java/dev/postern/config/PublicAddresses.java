package dev.postern.config;

import java.net.InetAddress;
import java.util.List;
import java.util.Objects;

/** Which IP addresses are somebody's on the internet: a public CA certifies no others. */
final class PublicAddresses {
    /**
     * What is not globally reachable in the registries of
     * <a href="https://www.iana.org/assignments/iana-ipv4-special-registry/">IPv4</a>, what is for multicast, and what is
     * kept for a future use.
     */
    private static final List<AddressRange> RESERVED_IPV4 = ranges(
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3");

    /** All of <a href="https://www.iana.org/assignments/ipv6-address-space/">IPv6</a> that is given to anybody. */
    private static final List<AddressRange> GLOBAL_IPV6 = ranges("2000::/3");

    /** Of this, what the <a href="https://www.iana.org/assignments/iana-ipv6-special-registry/">registry</a> keeps. */
    private static final List<AddressRange> RESERVED_IPV6 =
            ranges("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

    private PublicAddresses() {}

    static boolean contain(InetAddress address) {
        return address.getAddress().length == 4
                ? !AddressRange.anyContains(RESERVED_IPV4, address)
                : AddressRange.anyContains(GLOBAL_IPV6, address) && !AddressRange.anyContains(RESERVED_IPV6, address);
    }

    private static List<AddressRange> ranges(String... texts) {
        return List.of(texts).stream().map(PublicAddresses::range).toList();
    }

    private static AddressRange range(String text) {
        int slash = text.indexOf('/');
        InetAddress network = Objects.requireNonNull(Addresses.literal(text.substring(0, slash)), text);
        return new AddressRange(network, Integer.parseInt(text.substring(slash + 1)));
    }
}
