package dev.postern.wire;

import io.netty.channel.ChannelFutureListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What there is to do once a channel is closed: nothing, unless closing failed. Every close that nobody waits for ends here. */
public final class Closed {
    private static final Logger LOG = LoggerFactory.getLogger(Closed.class);

    public static final ChannelFutureListener OBSERVED = future -> {
        if (!future.isSuccess()) {
            LOG.debug("{}: close failed", future.channel(), future.cause());
        }
    };

    private Closed() {}
}
