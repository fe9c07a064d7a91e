package dev.postern.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** Where the protocol switches to when a server agrees to an upgrade: {@code listener} wires it to a tunnel. */
@FunctionalInterface
public interface Upgrade {
    /**
     * From now on bytes go back and forth as they are. Ownership of all four passes.
     *
     * @param fromClient what the client sent after its request already
     * @param fromServer what the server sent after its 101 already
     */
    void tunnel(Channel client, Channel server, @Nullable ByteBuf fromClient, @Nullable ByteBuf fromServer);
}
