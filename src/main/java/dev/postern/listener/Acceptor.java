package dev.postern.listener;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;

/** A socket that accepts connections, unless one of the limits that they count for holds it back. Any thread. */
final class Acceptor {
    private final Channel socket;

    /** How many limits hold it back; its listener too, until it opens. */
    @GuardedBy("this") private int holds;

    /** @param socket accepts nothing yet */
    Acceptor(Channel socket) {
        this.socket = socket;
    }

    synchronized void hold() {
        holds++;
        socket.config().setAutoRead(false);
    }

    synchronized void letGo() {
        holds--;
        if (holds == 0) {
            socket.config().setAutoRead(true);
        }
    }

    void onClose(Runnable then) {
        ChannelFutureListener closed = future -> then.run();
        socket.closeFuture().addListener(closed);
    }
}
