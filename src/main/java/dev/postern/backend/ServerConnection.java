package dev.postern.backend;

import io.netty.channel.Channel;

/** A connection to a server that can carry one exchange after another. Event loop only. */
public interface ServerConnection {
    Channel channel();

    Server server();
}
