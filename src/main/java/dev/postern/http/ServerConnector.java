package dev.postern.http;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.http.Failure.ByServer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes connections to servers, on the event loop of whoever asks. */
final class ServerConnector {
    private ServerConnector() {}

    /** How an attempt ends; one of them is called, once, on the event loop, unless the attempt is cancelled. */
    interface Outcome {
        void connected(ServerStream made);

        /** The server, or the way to it, is to blame. */
        void refused(ByServer failure, String why);

        /** This host is to blame: no descriptor, no port. */
        void impossible(String why);
    }

    /** An attempt under way. */
    interface Attempt {
        boolean isOver();

        /** Whoever waits for it hears no more. */
        void cancel();
    }

    /** As {@link Outcome}, of a bare channel. */
    interface ChannelOutcome {
        void connected(ChannelFuture connected);

        void refused(ByServer failure, String why);

        void impossible(String why);
    }

    /**
     * Begins to connect over HTTP/1; returns what can be cancelled.
     *
     * @param preamble with which the connection is to begin, before anything else; null for none
     */
    static Attempt connect(
            Worker worker, Server server, @Nullable ProxyPreamble preamble, Duration timeout, Outcome outcome) {
        return channel(
                worker,
                server,
                timeout,
                channel -> channel.pipeline().addLast(new Http1ServerConnection(worker, server, preamble, channel)),
                new ChannelOutcome() {
                    @Override
                    public void connected(ChannelFuture connected) {
                        Channel channel = connected.channel();
                        if (preamble != null) {
                            // Goes out with the first request; a failure comes back as an exception of the channel.
                            var unused = channel.write(preamble.bytes(channel.alloc()), channel.voidPromise());
                        }
                        outcome.connected(channel.pipeline().get(Http1ServerConnection.class));
                    }

                    @Override
                    public void refused(ByServer failure, String why) {
                        outcome.refused(failure, why);
                    }

                    @Override
                    public void impossible(String why) {
                        outcome.impossible(why);
                    }
                });
    }

    /** Begins to connect. */
    static Attempt channel(
            Worker worker, Server server, Duration timeout, Consumer<Channel> pipeline, ChannelOutcome outcome) {
        AddressRace race = new AddressRace(worker, server, timeout, pipeline, outcome);
        race.begin();
        return race;
    }
}
