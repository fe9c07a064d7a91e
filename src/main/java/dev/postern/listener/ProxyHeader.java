package dev.postern.listener;

import dev.postern.config.Addresses;
import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The header with which a proxy in front of us says whose connection it carries,
 * <a href="https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt">the PROXY protocol</a>, version 1 or 2. Read
 * without mercy: there is one way to write each, and those who may write it are configured.
 *
 * @param client whose connection it is; null where the proxy speaks for itself (LOCAL, as health probes do), or for somebody
 *     who has no address (UNKNOWN, a UNIX socket)
 * @param local where that client connected to; null with {@code client}
 * @param length bytes of the header, behind which the connection proper begins
 */
record ProxyHeader(
        @Nullable InetSocketAddress client, @Nullable InetSocketAddress local, int length) {
    /** §2.1: no line of version 1 is longer, its end included. */
    static final int MAX_V1 = 107;

    /** What may follow the addresses of version 2. More than anybody sends: certificates are named there, not shown. */
    static final int MAX_TLVS = 4096;

    private static final byte[] V1_START = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] V2_START = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

    private static final String PORT = "(0|[1-9][0-9]{0,4})";
    private static final Pattern V1 =
            Pattern.compile("PROXY (?:UNKNOWN(?: [\\x20-\\x7e]*)?|TCP([46]) (\\S+) (\\S+) " + PORT + " " + PORT + ")");

    private static final int V2_FIXED = 16;
    private static final int LOCAL = 0;
    private static final int PROXY = 1;
    private static final int UNSPECIFIED = 0x00;
    private static final int TCP_OVER_IPV4 = 0x11;
    private static final int TCP_OVER_IPV6 = 0x21;
    private static final int UNIX_STREAM = 0x31;
    private static final int IPV4_ADDRESSES = 12;
    private static final int IPV6_ADDRESSES = 36;
    private static final int UNIX_ADDRESSES = 216;
    private static final int TLV_HEAD = 3;
    private static final int TLV_CRC32C = 0x03;

    /** It is no such header, or one that two readers could understand in two ways. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1;

        Malformed(String message) {
            super(message, null, false, false);
        }
    }

    /** The header at the front of {@code bytes}, whose indices stay where they are; null while there is more to come. */
    static @Nullable ProxyHeader read(ByteBuf bytes) throws Malformed {
        if (startsWith(bytes, V1_START)) {
            return bytes.readableBytes() < V1_START.length ? null : version1(bytes);
        }
        if (startsWith(bytes, V2_START)) {
            return bytes.readableBytes() < V2_FIXED ? null : version2(bytes);
        }
        throw new Malformed("no PROXY header");
    }

    /** As far as there are bytes. */
    private static boolean startsWith(ByteBuf bytes, byte[] start) {
        int length = Math.min(bytes.readableBytes(), start.length);
        for (int i = 0; i < length; i++) {
            if (bytes.getByte(bytes.readerIndex() + i) != start[i]) {
                return false;
            }
        }
        return true;
    }

    // ---- version 1, a line

    private static @Nullable ProxyHeader version1(ByteBuf bytes) throws Malformed {
        int from = bytes.readerIndex();
        int seen = Math.min(bytes.readableBytes(), MAX_V1);
        int lineFeed = bytes.indexOf(from, from + seen, (byte) '\n');
        if (lineFeed < 0) {
            if (seen == MAX_V1) {
                throw new Malformed("version 1: line is longer than " + MAX_V1 + " bytes");
            }
            return null;
        }
        String line = bytes.toString(from, lineFeed - from, StandardCharsets.ISO_8859_1);
        Matcher form = V1.matcher(line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
        if (!line.endsWith("\r") || !form.matches()) {
            throw new Malformed("version 1: line is not as it should be");
        }
        int length = lineFeed + 1 - from;
        if (form.group(1) == null) {
            return new ProxyHeader(null, null, length);
        }
        boolean ipv6 = form.group(1).equals("6");
        return new ProxyHeader(
                new InetSocketAddress(address(form.group(2), ipv6), port(form.group(4))),
                new InetSocketAddress(address(form.group(3), ipv6), port(form.group(5))),
                length);
    }

    private static InetAddress address(String text, boolean ipv6) throws Malformed {
        InetAddress address = text.contains(":") == ipv6 ? Addresses.literal(text) : null;
        if (address == null) {
            throw new Malformed("version 1: address is none of its family");
        }
        return address;
    }

    private static int port(String digits) throws Malformed {
        int port = Integer.parseInt(digits);
        if (port > 0xffff) {
            throw new Malformed("version 1: port is too large");
        }
        return port;
    }

    /** An IPv4 address that comes as IPv6 is IPv4 from here on. */
    private static InetAddress inet(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- version 2, binary

    private static @Nullable ProxyHeader version2(ByteBuf bytes) throws Malformed {
        int at = bytes.readerIndex() + V2_START.length;
        int version = bytes.getUnsignedByte(at) >> 4;
        int command = bytes.getUnsignedByte(at) & 0xf;
        int family = bytes.getUnsignedByte(at + 1);
        int length = bytes.getUnsignedShort(at + 2);
        if (version != 2 || command > PROXY) {
            throw new Malformed("version 2: version or command is unknown");
        }
        int addresses = command == LOCAL ? UNIX_ADDRESSES : addresses(family);
        if (length > addresses + MAX_TLVS) {
            throw new Malformed("version 2: longer than " + (addresses + MAX_TLVS) + " bytes");
        }
        if (bytes.readableBytes() < V2_FIXED + length) {
            return null;
        }
        if (command == LOCAL) {
            // §2.2: whatever is in it, it means nothing.
            return new ProxyHeader(null, null, V2_FIXED + length);
        }
        if (length < addresses) {
            throw new Malformed("version 2: shorter than its addresses");
        }
        checkTlvs(bytes, V2_FIXED + addresses, V2_FIXED + length);
        int from = bytes.readerIndex() + V2_FIXED;
        return switch (family) {
            case TCP_OVER_IPV4 -> of(bytes, from, 4, V2_FIXED + length);
            case TCP_OVER_IPV6 -> of(bytes, from, 16, V2_FIXED + length);
            default -> new ProxyHeader(null, null, V2_FIXED + length);
        };
    }

    /** How many bytes the addresses of a family take. */
    private static int addresses(int family) throws Malformed {
        return switch (family) {
            case UNSPECIFIED -> 0;
            case TCP_OVER_IPV4 -> IPV4_ADDRESSES;
            case TCP_OVER_IPV6 -> IPV6_ADDRESSES;
            case UNIX_STREAM -> UNIX_ADDRESSES;
            default -> throw new Malformed("version 2: family or protocol is not one that TCP connections have");
        };
    }

    private static ProxyHeader of(ByteBuf bytes, int from, int size, int length) {
        byte[] client = new byte[size];
        byte[] local = new byte[size];
        bytes.getBytes(from, client).getBytes(from + size, local);
        int ports = from + 2 * size;
        return new ProxyHeader(
                new InetSocketAddress(inet(client), bytes.getUnsignedShort(ports)),
                new InetSocketAddress(inet(local), bytes.getUnsignedShort(ports + 2)),
                length);
    }

    /** None of them is used, but each has to end where it says, and a checksum has to be right, §2.2.1. */
    private static void checkTlvs(ByteBuf bytes, int from, int to) throws Malformed {
        int start = bytes.readerIndex();
        boolean checked = false;
        for (int at = from; at < to; ) {
            if (to - at < TLV_HEAD) {
                throw new Malformed("version 2: what follows the addresses ends early");
            }
            int type = bytes.getUnsignedByte(start + at);
            int length = bytes.getUnsignedShort(start + at + 1);
            int value = at + TLV_HEAD;
            if (to - value < length) {
                throw new Malformed("version 2: what follows the addresses ends early");
            }
            if (type == TLV_CRC32C) {
                if (checked || length != 4 || bytes.getUnsignedInt(start + value) != checksum(bytes, value, to)) {
                    throw new Malformed("version 2: checksum is wrong");
                }
                checked = true;
            }
            at = value + length;
        }
    }

    /** Of the whole header, with zeroes where the checksum stands. */
    private static long checksum(ByteBuf bytes, int checksumAt, int length) {
        byte[] header = new byte[length];
        bytes.getBytes(bytes.readerIndex(), header);
        java.util.Arrays.fill(header, checksumAt, checksumAt + 4, (byte) 0);
        CRC32C crc = new CRC32C();
        crc.update(header, 0, length);
        return crc.getValue();
    }
}
