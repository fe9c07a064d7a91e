package dev.postern.http.exchange;

import dev.postern.config.Addresses;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import java.net.InetAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code X-Forwarded-For} as a trusted proxy sent it, read from right to left: every proxy adds on the right whom it got
 * the request from, so what a trusted one added is true, and the first address that is not a trusted proxy's is the
 * client. Everything left of it is hearsay.
 */
public final class ForwardedFor {
    /** The longest: an IPv6 address with an embedded IPv4 one, brackets, colon and port. */
    private static final int MAX_LENGTH = 53;

    /**
     * Who is behind an entry that is no address. The proxies whom we trust know whom they speak for, and do not tell us:
     * it is none of them, and nobody else whose address is in any rule.
     */
    private static final InetAddress UNKNOWN = Objects.requireNonNull(Addresses.literal("0.0.0.0"), "0.0.0.0");

    private ForwardedFor() {}

    /**
     * The right-most address that is no trusted proxy's; {@code 0.0.0.0} where an entry that is no address comes first.
     * Where the list ends before, its last address is as far as anybody can be believed.
     */
    public static InetAddress client(Fields fields, Client connection) {
        InetAddress believed = connection.address();
        if (!connection.isTrusted()) {
            return believed;
        }
        for (int i = fields.count() - 1; i >= 0; i--) {
            if (fields.name(i) != FieldName.X_FORWARDED_FOR) {
                continue;
            }
            int from = fields.valueFrom(i);
            for (int end = fields.valueTo(i); end >= from; ) {
                int start = end;
                while (start > from && fields.bytes()[start - 1] != ',') {
                    start--;
                }
                String entry = fields.text(start, end).strip();
                // Empty elements of a list mean nothing, RFC 9110 §5.6.1.
                if (!entry.isEmpty()) {
                    InetAddress next = parse(entry);
                    if (next == null) {
                        return UNKNOWN;
                    }
                    believed = next;
                    if (!connection.trusts(next)) {
                        return believed;
                    }
                }
                end = start - 1;
            }
        }
        return believed;
    }

    /** {@code 192.0.2.1}, {@code 2001:db8::1} or {@code [2001:db8::1]}, the first and the last also with a port; else null. */
    static @Nullable InetAddress parse(String entry) {
        if (entry.length() > MAX_LENGTH) {
            return null;
        }
        int close = entry.startsWith("[") ? entry.indexOf(']') : -1;
        int firstColon = entry.indexOf(':');
        String address;
        String rest;
        if (close > 0) {
            address = entry.substring(1, close);
            rest = entry.substring(close + 1);
            if (address.indexOf(':') < 0) {
                return null;
            }
        } else if (firstColon >= 0 && firstColon == entry.lastIndexOf(':')) {
            address = entry.substring(0, firstColon);
            rest = entry.substring(firstColon);
        } else {
            address = entry;
            rest = "";
        }
        if (!rest.isEmpty() && !rest.matches(":[0-9]{1,5}")) {
            return null;
        }
        return Addresses.literal(address);
    }
}
