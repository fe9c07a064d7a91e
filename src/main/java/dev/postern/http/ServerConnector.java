package dev.postern.http;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.http.Failure.ByServer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
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
     * Begins to connect over HTTP/1; returns what can be cancelled, null where there is nothing to wait for.
     *
     * @param preamble with which the connection is to begin, before anything else; null for none
     */
    static @Nullable Attempt connect(
            Worker worker, Server server, @Nullable ProxyPreamble preamble, Duration timeout, Outcome outcome) {
        ChannelFuture begun = channel(
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
        return begun == null ? null : new Http1Attempt(begun);
    }

    private record Http1Attempt(ChannelFuture connecting) implements Attempt {
        @Override
        public boolean isOver() {
            return connecting.isDone();
        }

        @Override
        public void cancel() {
            connecting.cancel(false);
        }
    }

    /** Begins to connect; null where there is nothing to wait for. */
    static @Nullable ChannelFuture channel(
            Worker worker, Server server, Duration timeout, Consumer<Channel> pipeline, ChannelOutcome outcome) {
        if (server.address().isUnresolved()) {
            outcome.refused(ByServer.NAME_UNRESOLVED, "name does not resolve");
            return null;
        }
        return new Bootstrap()
                .group(worker.loop())
                .channel(worker.channelType())
                .option(ChannelOption.TCP_NODELAY, true)
                // A server that answers an upload early, and closes, resets what we still write. Its answer came
                // before.
                .option(ChannelOption.AUTO_CLOSE, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(timeout.toMillis()))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        pipeline.accept(channel);
                    }
                })
                .connect(server.address())
                .addListener((ChannelFuture made) -> {
                    if (worker.loop().inEventLoop()) {
                        tell(made, timeout, outcome);
                    } else {
                        // A channel that could not even be made reports its failure on a thread of nobody's.
                        worker.loop().execute(() -> tell(made, timeout, outcome));
                    }
                });
    }

    private static void tell(ChannelFuture made, Duration timeout, ChannelOutcome outcome) {
        if (made.isSuccess()) {
            outcome.connected(made);
            return;
        }
        Throwable cause = made.cause();
        String message = String.valueOf(cause.getMessage());
        if (cause instanceof ConnectTimeoutException) {
            outcome.refused(ByServer.CONNECT_TIMEOUT, "connect: no answer within " + timeout.toMillis() + " ms");
        } else if (cause instanceof NoRouteToHostException) {
            outcome.refused(ByServer.NO_ROUTE_TO_SERVER, "connect: no route to it");
        } else if (cause instanceof ConnectException && !message.contains("assign requested address")) {
            if (message.contains("refused")) {
                outcome.refused(ByServer.CONNECT_REFUSED, "connect: refused");
            } else {
                outcome.refused(ByServer.CONNECT_FAILED, "connect: " + message);
            }
        } else if (!made.isCancelled()) {
            outcome.impossible("connect: " + cause);
        }
    }
}
