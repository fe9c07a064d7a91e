package dev.postern.migrate;

import dev.postern.config.Addresses;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Ranges of addresses, as they are written. Other programs may have bits behind the prefix set. Of two ranges one lies in the other,
 * or they have nothing in common.
 */
public final class Ranges {
    /** Every address there is. */
    public static final List<String> EVERYBODY = List.of("0.0.0.0/0", "::/0");

    private Ranges() {}

    /** As Postern writes it; empty where it is no range. */
    public static Optional<String> of(String text) {
        int slash = text.indexOf('/');
        InetAddress address = Addresses.literal(slash < 0 ? text : text.substring(0, slash));
        String bits = slash < 0 ? "" : text.substring(slash + 1);
        if (address == null || (slash >= 0 && !Numbers.isBetween(bits, 0, address.getAddress().length * 8))) {
            return Optional.empty();
        }
        byte[] bytes = address.getAddress();
        return Optional.of(text(bytes, slash < 0 ? bytes.length * 8 : Integer.parseInt(bits)));
    }

    /** @param isNobody whether there is no address that both have */
    public record Allowed(List<String> ranges, boolean isNobody) {}

    /** Who is let in by both; no range lets everybody in. */
    public static Allowed both(List<String> some, List<String> more) {
        if (some.isEmpty() || more.isEmpty()) {
            return new Allowed(some.isEmpty() ? more : some, false);
        }
        List<String> both = new ArrayList<>();
        for (String one : some) {
            for (String other : more) {
                String narrow = bits(one) >= bits(other) ? one : other;
                String wide = narrow.equals(one) ? other : one;
                if (contains(wide, narrow) && !both.contains(narrow)) {
                    both.add(narrow);
                }
            }
        }
        return both.isEmpty() ? new Allowed(some, true) : new Allowed(List.copyOf(both), false);
    }

    /** The first ones without what the others have of them, cut into as many ranges as that makes. */
    public static List<String> minus(List<String> ranges, List<String> others) {
        List<String> rest = new ArrayList<>(ranges);
        for (String other : others) {
            List<String> next = new ArrayList<>();
            for (String range : rest) {
                if (bits(range) < bits(other) && contains(range, other)) {
                    // Of each bit on the way from the one to the other the half that it is not in.
                    for (int bit = bits(range); bit < bits(other); bit++) {
                        byte[] bytes = address(other);
                        bytes[bit / 8] ^= (byte) (0x80 >> (bit % 8));
                        next.add(text(bytes, bit + 1));
                    }
                } else if (!contains(other, range) || bits(other) > bits(range)) {
                    next.add(range);
                }
            }
            rest = next;
        }
        return List.copyOf(rest);
    }

    /** The lowest address that has the first so many bits, and how many. */
    private static String text(byte[] bytes, int bits) {
        for (int i = 0; i < bytes.length; i++) {
            int kept = Math.max(0, Math.min(8, bits - i * 8));
            bytes[i] &= (byte) (0xff << (8 - kept));
        }
        try {
            return Addresses.text(InetAddress.getByAddress(bytes)) + (bits == bytes.length * 8 ? "" : "/" + bits);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has become longer", e);
        }
    }

    private static boolean contains(String wide, String narrow) {
        byte[] mine = address(wide);
        byte[] other = address(narrow);
        if (mine.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < bits(wide); bit++) {
            int mask = 0x80 >> (bit % 8);
            if ((mine[bit / 8] & mask) != (other[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }

    private static byte[] address(String range) {
        int slash = range.indexOf('/');
        InetAddress address = Addresses.literal(slash < 0 ? range : range.substring(0, slash));
        if (address == null) {
            throw new IllegalArgumentException(range + " (expected: a range of addresses)");
        }
        return address.getAddress();
    }

    private static int bits(String range) {
        int slash = range.indexOf('/');
        return slash < 0 ? address(range).length * 8 : Integer.parseInt(range.substring(slash + 1));
    }
}
