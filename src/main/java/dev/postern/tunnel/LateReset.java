package dev.postern.tunnel;

import dev.postern.wire.Closed;
import dev.postern.wire.SendQueue;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.util.concurrent.TimeUnit;

/**
 * A reset throws away what was written before and is still on its way, in the system as well: this one comes when the
 * other side has taken all. A connection of which nothing is taken for ten seconds is closed instead, and the system
 * delivers what it can. Event loop only.
 */
final class LateReset implements Runnable {
    private static final long EVERY_MILLIS = 20;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Channel channel;
    private final SendQueue queue;
    private final Runnable reset;
    private long heldBefore = Long.MAX_VALUE;
    private long movedNanos;
    private boolean written;

    private LateReset(Channel channel, Runnable reset) {
        this.channel = channel;
        this.queue = new SendQueue(channel);
        this.reset = reset;
    }

    /** @param reset how it is done */
    static void of(Channel channel, Runnable reset) {
        LateReset late = new LateReset(channel, reset);
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> late.written = true);
        late.run();
    }

    @Override
    public void run() {
        if (!channel.isOpen()) {
            return;
        }
        long now = channel.eventLoop().ticker().nanoTime();
        long held = queue.held();
        if (held < heldBefore) {
            movedNanos = now;
            heldBefore = held;
        }
        if (written && hasTakenAll()) {
            reset.run();
        } else if (now - movedNanos > PATIENCE_NANOS) {
            channel.close().addListener(Closed.OBSERVED);
        } else {
            var unused = channel.eventLoop().schedule(this, EVERY_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Where the system does not say, it is taken to be so. */
    private boolean hasTakenAll() {
        return queue.isEmpty()
                && (!(channel instanceof EpollSocketChannel socket)
                        || socket.tcpInfo().unacked() == 0);
    }
}
