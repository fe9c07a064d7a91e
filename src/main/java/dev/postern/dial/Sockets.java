package dev.postern.dial;

import dev.postern.backend.Server;
import dev.postern.wire.SocketTypes;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import java.util.function.Function;

/**
 * What sockets towards servers are made with, on one event loop.
 *
 * @param reads how much is read of a connection at a time
 * @param room which connections to a server are counted in
 */
public record Sockets(
        EventLoop loop, SocketTypes types, RecvByteBufAllocator reads, Function<Server, ServerRoom> room) {}
