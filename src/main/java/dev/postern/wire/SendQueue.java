package dev.postern.wire;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * What a client is owed on its connection: in our buffer, and behind it in the kernel's. The latter holds megabytes (2.5
 * at once on loopback, 4 at most by default), more than most responses have: a client that reads slowly does so from
 * there, long after our buffer is empty, and the kernel gives room back to us in leaps of a third of it. So the kernel is
 * asked what the client has acknowledged; that costs a system call, and only those that hold something ask. Event loop
 * only.
 */
public final class SendQueue {
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_INFO = 11;

    /** Of {@code struct tcp_info} in linux/tcp.h, which only ever grows at its end. */
    private static final int BYTES_ACKED = 120;

    private static final int NOTSENT_BYTES = 144;
    private static final RawUnixChannelOption OPTION =
            new RawUnixChannelOption("TCP_INFO", IPPROTO_TCP, TCP_INFO, NOTSENT_BYTES + Integer.BYTES);

    private final Channel channel;
    private long heldBefore;
    private long left;

    public SendQueue(Channel channel) {
        this.channel = channel;
    }

    /** In our buffer, bytes. */
    public long held() {
        ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
        return out == null ? 0 : out.totalPendingWriteBytes();
    }

    /** Nothing waits, here or in the kernel; what is on its way does not wait. */
    public boolean isEmpty() {
        if (held() > 0) {
            return false;
        }
        ByteBuffer kernel = kernel();
        return kernel == null || kernel.getInt(NOTSENT_BYTES) == 0;
    }

    /**
     * What the client has taken, bytes since some beginning: acknowledged. Where the system does not tell (no epoll, or
     * Linux before 4.1), what has left our buffer, as far as we have seen.
     */
    public long taken() {
        long held = held();
        left += Math.max(0, heldBefore - held);
        heldBefore = held;
        ByteBuffer kernel = kernel();
        long acknowledged = kernel == null ? 0 : kernel.getLong(BYTES_ACKED);
        return acknowledged > 0 ? acknowledged : left;
    }

    /** For where the system does not tell: it is known of these bytes that they have left, or soon will. */
    public void alsoLeft(int bytes) {
        left += bytes;
    }

    private @Nullable ByteBuffer kernel() {
        if (!channel.isActive()) {
            return null;
        }
        try {
            ByteBuffer told = channel.config().getOption(OPTION);
            return told == null ? null : told.order(ByteOrder.nativeOrder());
        } catch (ChannelException e) {
            // It is being closed.
            return null;
        }
    }
}
