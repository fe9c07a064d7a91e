package dev.postern.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * What a connection to a server begins with that wants to be told whose it is: a header of
 * <a href="https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt">the PROXY protocol</a>, version 2, §2.2. It holds
 * for the whole connection, so that one is used for this client's connection only.
 *
 * @param client who connected to us
 * @param local where it connected to
 */
public record ProxyPreamble(InetSocketAddress client, InetSocketAddress local) {
    private static final byte[] SIGNATURE = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

    private static final int LOCAL = 0x20;
    private static final int PROXY = 0x21;
    private static final int UNSPECIFIED = 0x00;
    private static final int TCP_OVER_IPV4 = 0x11;
    private static final int TCP_OVER_IPV6 = 0x21;

    /** Of a connection that is our own, such as a health check: 16 bytes. */
    public static byte[] ofOurOwn() {
        byte[] header = java.util.Arrays.copyOf(SIGNATURE, 16);
        header[12] = LOCAL;
        header[13] = UNSPECIFIED;
        return header;
    }

    /** The caller's to release. Where the two addresses are not of one family, both are written as IPv6. */
    public ByteBuf bytes(ByteBufAllocator allocator) {
        boolean ipv6 = client.getAddress() instanceof Inet6Address || local.getAddress() instanceof Inet6Address;
        int length = ipv6 ? 36 : 12;
        ByteBuf header = allocator.ioBuffer(16 + length);
        header.writeBytes(SIGNATURE)
                .writeByte(PROXY)
                .writeByte(ipv6 ? TCP_OVER_IPV6 : TCP_OVER_IPV4)
                .writeShort(length);
        address(header, client.getAddress(), ipv6);
        address(header, local.getAddress(), ipv6);
        return header.writeShort(client.getPort()).writeShort(local.getPort());
    }

    private static void address(ByteBuf out, InetAddress address, boolean asIpv6) {
        if (asIpv6 && !(address instanceof Inet6Address)) {
            // ::ffff:0:0/96, RFC 4291 §2.5.5.2.
            out.writeZero(10).writeShort(0xffff);
        }
        out.writeBytes(address.getAddress());
    }
}
