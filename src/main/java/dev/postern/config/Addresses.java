package dev.postern.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** IP addresses and their texts. No name is ever looked up here. */
public final class Addresses {
    public static final int LAST_PORT = 65_535;

    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:][0-9A-Fa-f:.]*");

    private Addresses() {}

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
    public static int port(String text, int least) throws NotUnderstood {
        String digits = text.substring(text.lastIndexOf(':') + 1);
        if (!digits.matches("[0-9]{1,5}")) {
            throw new NotUnderstood("has no port number");
        }
        int port = Integer.parseInt(digits);
        if (port < least || port > LAST_PORT) {
            throw new NotUnderstood("has a port outside " + least + "-" + LAST_PORT);
        }
        return port;
    }
}
