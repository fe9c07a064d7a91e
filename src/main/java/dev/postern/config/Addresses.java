package dev.postern.config;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** IP addresses, ranges of them, and addresses to listen on. No name is ever looked up here. */
public final class Addresses {
    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:][0-9A-Fa-f:.]*");

    static final Scalar<BindAddress> BIND =
            new Scalar<>("an address to listen on such as :443, 192.0.2.1:443 or [2001:db8::1]:443", Addresses::bind);

    static final Scalar<AddressRange> RANGE =
            new Scalar<>("an address range such as 10.0.0.0/8 or 2001:db8::/32", Addresses::range);

    // A name would have to be looked up first.
    private static final Scalar<InetSocketAddress> RESOLVER = new Scalar<>(
            "the address of a DNS server such as 10.0.0.53, 127.0.0.1:8600 or [2001:db8::53]:53", Addresses::resolver);

    private static final int DNS_PORT = 53;

    private Addresses() {}

    /** The DNS servers of a list, or a single one; none where there is no list. */
    static List<InetSocketAddress> resolvers(@Nullable Value list) {
        List<InetSocketAddress> resolvers = new ArrayList<>();
        if (list != null) {
            for (Value item : list.itemsOneOrNone("a list such as [10.0.0.53]")) {
                InetSocketAddress resolver = item.read(RESOLVER);
                if (resolver != null) {
                    resolvers.add(resolver);
                }
            }
        }
        return List.copyOf(resolvers);
    }

    private static InetSocketAddress resolver(String text) throws NotUnderstood {
        InetAddress bare = literal(text.matches("\\[.*:.*]") ? text.substring(1, text.length() - 1) : text);
        if (bare != null) {
            return new InetSocketAddress(bare, DNS_PORT);
        }
        if (text.lastIndexOf(':') <= text.lastIndexOf(']')) {
            throw new NotUnderstood(text.matches("[A-Za-z].*") ? "is a name" : "is not an IP address");
        }
        int port = port(text, 1);
        String host = text.substring(0, text.lastIndexOf(':'));
        boolean inBrackets = host.startsWith("[") && host.endsWith("]");
        InetAddress address = literal(inBrackets ? host.substring(1, host.length() - 1) : host);
        if (address == null) {
            throw new NotUnderstood(host.matches("[A-Za-z].*") ? "is a name" : "is not an IP address");
        }
        if (inBrackets != host.contains(":")) {
            throw new NotUnderstood(inBrackets ? "has brackets around an IPv4 address" : "has no brackets");
        }
        return new InetSocketAddress(address, port);
    }

    /** The ranges of a list, or a single one; none where there is no list. */
    static List<AddressRange> ranges(@Nullable Value list) {
        List<AddressRange> ranges = new ArrayList<>();
        if (list != null) {
            for (Value item : list.itemsOneOrNone("a list such as [10.0.0.0/8]")) {
                AddressRange range = item.read(RANGE);
                if (range != null) {
                    ranges.add(range);
                }
            }
        }
        return List.copyOf(ranges);
    }

    /** An IPv4 or IPv6 address (without brackets), or null where {@code text} is none. */
    public static @Nullable InetAddress literal(String text) {
        boolean isAddress = text.contains(":")
                ? IPV6.matcher(text).matches()
                : endsInDigit(text) && IPV4.matcher(text).matches();
        if (!isAddress) {
            return null;
        }
        try {
            // With a colon in it, or as four octets, it is read as a literal and not asked of the resolver.
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            return null;
        }
    }

    /** Nearly no name does, which saves the others a search. */
    private static boolean endsInDigit(String text) {
        char last = text.isEmpty() ? ' ' : text.charAt(text.length() - 1);
        return last >= '0' && last <= '9';
    }

    /** The one form of an address, IPv6 as <a href="https://datatracker.ietf.org/doc/html/rfc5952">RFC 5952</a> has it. */
    public static String text(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length == 4) {
            return address.getHostAddress();
        }
        int[] groups = new int[8];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = (bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff);
        }
        // The longest run of zeros, at least two of them, the first of those that are as long.
        int from = -1;
        int longest = 1;
        for (int i = 0; i < groups.length; i++) {
            int end = i;
            while (end < groups.length && groups[end] == 0) {
                end++;
            }
            if (end - i > longest) {
                from = i;
                longest = end - i;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < groups.length; i++) {
            if (i == from) {
                text.append("::");
                i += longest - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":")
                        .append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }

    /** The network of 64 bits that an IPv6 address is in, such as {@code 2001:db8::/64}: what one customer has at least. */
    public static String network64(InetAddress address) {
        byte[] bytes = Arrays.copyOf(Arrays.copyOf(address.getAddress(), 8), 16);
        try {
            return text(InetAddress.getByAddress(bytes)) + "/64";
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The name of an address for reverse look-ups, such as {@code 7.2.0.192.in-addr.arpa}, lower-case
     * (<a href="https://datatracker.ietf.org/doc/html/rfc3596#section-2.5">RFC 3596 §2.5</a>).
     */
    public static String reverseName(InetAddress address) {
        byte[] bytes = address.getAddress();
        StringBuilder name = new StringBuilder();
        for (int i = bytes.length - 1; i >= 0; i--) {
            int octet = bytes[i] & 0xff;
            if (bytes.length == 4) {
                name.append(octet).append('.');
            } else {
                name.append(Character.forDigit(octet & 0xf, 16)).append('.');
                name.append(Character.forDigit(octet >> 4, 16)).append('.');
            }
        }
        return name.append(bytes.length == 4 ? "in-addr.arpa" : "ip6.arpa").toString();
    }

    /** Whether a name in its one form is an address. */
    public static boolean isAddress(String name) {
        return name.indexOf(':') >= 0 || IPV4.matcher(name).matches();
    }

    /** The port behind the last colon. */
    static int port(String text, int least) throws NotUnderstood {
        String digits = text.substring(text.lastIndexOf(':') + 1);
        if (!digits.matches("[0-9]{1,5}")) {
            throw new NotUnderstood("has no port number");
        }
        int port = Integer.parseInt(digits);
        if (port < least || port > 65535) {
            throw new NotUnderstood("has a port outside " + least + "-65535");
        }
        return port;
    }

    private static BindAddress bind(String text) throws NotUnderstood {
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new NotUnderstood(text.matches("[0-9]+") ? "has no colon" : "has no port number");
        }
        int port = port(text, 0);
        String host = text.substring(0, colon);
        if (host.isEmpty()) {
            return new BindAddress(null, port);
        }
        boolean inBrackets = host.startsWith("[") && host.endsWith("]");
        InetAddress address = literal(inBrackets ? host.substring(1, host.length() - 1) : host);
        if (address == null) {
            throw new NotUnderstood(host.matches("[A-Za-z].*") ? "is a name" : "is not an IP address");
        }
        if (inBrackets != host.contains(":")) {
            throw new NotUnderstood(inBrackets ? "has brackets around an IPv4 address" : "has no brackets");
        }
        return new BindAddress(address, port);
    }

    private static AddressRange range(String text) throws NotUnderstood {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        InetAddress address = literal(host);
        if (address == null) {
            throw new NotUnderstood("is not an IP address");
        }
        if (address instanceof Inet4Address && host.contains(":")) {
            throw new NotUnderstood("is IPv4 written as IPv6; write " + address.getHostAddress());
        }
        int bits = address.getAddress().length * 8;
        if (slash < 0) {
            return new AddressRange(address, bits);
        }
        String digits = text.substring(slash + 1);
        if (!digits.matches("[0-9]{1,3}") || Integer.parseInt(digits) > bits) {
            throw new NotUnderstood("has a prefix length outside 0-" + bits);
        }
        int prefixLength = Integer.parseInt(digits);
        InetAddress network = network(address, prefixLength);
        if (!network.equals(address)) {
            throw new NotUnderstood(
                    "has bits set behind the prefix; write " + network.getHostAddress() + "/" + prefixLength);
        }
        return new AddressRange(network, prefixLength);
    }

    private static InetAddress network(InetAddress address, int prefixLength) throws NotUnderstood {
        byte[] bytes = address.getAddress();
        for (int bit = prefixLength; bit < bytes.length * 8; bit++) {
            bytes[bit / 8] &= (byte) ~(0x80 >> (bit % 8));
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new NotUnderstood("is not an IP address");
        }
    }
}
