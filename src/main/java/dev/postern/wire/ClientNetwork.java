package dev.postern.wire;

import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** What one client has of addresses, for counting: one of IPv4; of IPv6 a /64, in which a host takes any it likes. */
public final class ClientNetwork {
    private ClientNetwork() {}

    /** The same for all addresses of one client. IPv4 lies where IPv6 has no unicast addresses, RFC 4291 §2.5.5. */
    public static long of(InetAddress address) {
        if (address instanceof Inet4Address) {
            // The hash code of one is its 32 bits, by its specification.
            return 0xffff_0000_0000L | (address.hashCode() & 0xffff_ffffL);
        }
        byte[] bytes = address.getAddress();
        long network = 0;
        for (int i = 0; i < 8; i++) {
            network = network << 8 | (bytes[i] & 0xff);
        }
        return network;
    }

    /** An address of IPv4, or a /64 of IPv6. */
    public static String text(long network) {
        try {
            if (network >>> 32 == 0xffffL) {
                return InetAddress.getByAddress(new byte[] {
                            (byte) (network >> 24), (byte) (network >> 16), (byte) (network >> 8), (byte) network
                        })
                        .getHostAddress();
            }
            byte[] bytes = new byte[16];
            for (int i = 0; i < 8; i++) {
                bytes[i] = (byte) (network >> (56 - 8 * i));
            }
            return NetUtil.toAddressString(InetAddress.getByAddress(bytes)) + "/64";
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The same for all that one party may well have: of IPv4 a /24; of IPv6 a /48, which is what a site is given. */
    public static long neighbourhood(InetAddress address) {
        return of(address) & (address instanceof Inet4Address ? ~0xffL : ~0xffffL);
    }
}
