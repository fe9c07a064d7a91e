package dev.postern.backend;

import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** A connection to a server that can carry one exchange after another. Event loop only. */
public interface ServerConnection {
    Channel channel();

    Server server();

    /** Whose requests alone it may carry; null where it may carry anybody's. */
    @Nullable ProxyPreamble preamble();
}
