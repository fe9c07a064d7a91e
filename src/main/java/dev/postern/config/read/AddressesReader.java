package dev.postern.config.read;

import dev.postern.config.AddressRange;
import dev.postern.config.Addresses;
import dev.postern.config.BindAddress;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads addresses to listen on, ranges of them, and DNS servers. No name is ever looked up. */
final class AddressesReader {
    static final Scalar<BindAddress> BIND = new Scalar<>(
            "an address to listen on such as :443, 192.0.2.1:443 or [2001:db8::1]:443", AddressesReader::bind);

    /** A range of ports as well: as many addresses. */
    static final Scalar<List<BindAddress>> BIND_RANGE = new Scalar<>(
            "an address to listen on such as :5432 or 192.0.2.1:5432, or a range of ports such as :5000-5010",
            AddressesReader::bindRange);

    // Each port takes a descriptor for every event loop.
    private static final int MOST_PORTS = 1024;

    static final Scalar<AddressRange> RANGE =
            new Scalar<>("an address range such as 10.0.0.0/8 or 2001:db8::/32", AddressesReader::range);

    // A name would have to be looked up first.
    private static final Scalar<InetSocketAddress> RESOLVER = new Scalar<>(
            "the address of a DNS server such as 10.0.0.53, 127.0.0.1:8600 or [2001:db8::53]:53",
            AddressesReader::resolver);

    private static final int DNS_PORT = 53;

    private AddressesReader() {}

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
        InetAddress bare = Addresses.literal(text.matches("\\[.*:.*]") ? text.substring(1, text.length() - 1) : text);
        if (bare != null) {
            return new InetSocketAddress(bare, DNS_PORT);
        }
        if (text.lastIndexOf(':') <= text.lastIndexOf(']')) {
            throw new NotUnderstood(text.matches("[A-Za-z].*") ? "is a name" : "is not an IP address");
        }
        int port = Addresses.port(text, 1);
        String host = text.substring(0, text.lastIndexOf(':'));
        boolean inBrackets = host.startsWith("[") && host.endsWith("]");
        InetAddress address = Addresses.literal(inBrackets ? host.substring(1, host.length() - 1) : host);
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

    private static BindAddress bind(String text) throws NotUnderstood {
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new NotUnderstood(text.matches("[0-9]+") ? "has no colon" : "has no port number");
        }
        int port = Addresses.port(text, 0);
        String host = text.substring(0, colon);
        if (host.isEmpty()) {
            return new BindAddress(null, port);
        }
        boolean inBrackets = host.startsWith("[") && host.endsWith("]");
        InetAddress address = Addresses.literal(inBrackets ? host.substring(1, host.length() - 1) : host);
        if (address == null) {
            throw new NotUnderstood(host.matches("[A-Za-z].*") ? "is a name" : "is not an IP address");
        }
        if (inBrackets != host.contains(":")) {
            throw new NotUnderstood(inBrackets ? "has brackets around an IPv4 address" : "has no brackets");
        }
        return new BindAddress(address, port);
    }

    private static List<BindAddress> bindRange(String text) throws NotUnderstood {
        int dash = text.lastIndexOf('-');
        if (dash < 0 || dash < text.lastIndexOf(':')) {
            return List.of(bind(text));
        }
        BindAddress first = bind(text.substring(0, dash));
        int last = Addresses.port(text.substring(dash + 1), 1);
        if (first.port() < 1) {
            throw new NotUnderstood("begins with port 0");
        }
        if (last < first.port()) {
            throw new NotUnderstood("ends before it begins");
        }
        if (last - first.port() >= MOST_PORTS) {
            throw new NotUnderstood("has more than " + MOST_PORTS + " ports");
        }
        return IntStream.rangeClosed(first.port(), last)
                .mapToObj(port -> new BindAddress(first.address(), port))
                .toList();
    }

    private static AddressRange range(String text) throws NotUnderstood {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        InetAddress address = Addresses.literal(host);
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
