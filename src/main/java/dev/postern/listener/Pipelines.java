package dev.postern.listener;

import dev.postern.http.AnswerHttp01Challenge;
import dev.postern.http.Http1ClientConnection;
import dev.postern.http.Http2ClientConnection;
import dev.postern.http.RedirectToHttps;
import dev.postern.http.RelayAcmeChallenge;
import dev.postern.http.RequestStep;
import dev.postern.http.RouteToSite;
import dev.postern.http.Worker;
import dev.postern.tls.SelectCertificate;
import dev.postern.tls.ServerContexts;
import dev.postern.tunnel.Tunnel;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Every handler of every protocol, in order. What happens to a connection, and to a request on it, is what these lists
 * say; a step is added here, nowhere else.
 */
public final class Pipelines {
    private final ServerContexts contexts;
    private final List<RequestStep> httpSteps;
    private final List<RequestStep> httpsSteps;
    private final List<RequestStep> challengeSteps;

    public Pipelines(ServerContexts contexts, AnswerHttp01Challenge answers) {
        this.contexts = contexts;
        // The relay first, because a CA must get through whatever else happens on port 80.
        this.httpSteps = List.of(new RelayAcmeChallenge(), new RedirectToHttps(), new RouteToSite());
        this.httpsSteps = List.of(new RouteToSite());
        this.challengeSteps = List.of(answers);
    }

    /** Plaintext from the world. */
    public ChannelInitializer<Channel> http(Worker worker) {
        return plaintext(worker, httpSteps);
    }

    /** The side port. */
    public ChannelInitializer<Channel> challenge(Worker worker) {
        return plaintext(worker, challengeSteps);
    }

    private ChannelInitializer<Channel> plaintext(Worker worker, List<RequestStep> steps) {
        return initializer(
                channel -> channel.pipeline().addLast("Http1ClientConnection", http1(worker, steps, null, channel)));
    }

    /** TLS from the world. */
    public ChannelInitializer<Channel> https(Worker worker) {
        return initializer(channel -> {
            // First, because which TLS handler comes next depends on the server name; replaces itself by
            // "tls" and "AwaitHandshake", and the latter by what ALPN agreed on.
            channel.pipeline()
                    .addLast(
                            "SelectCertificate",
                            new SelectCertificate(
                                    contexts,
                                    worker.timeouts().handshake(),
                                    (established, site, protocol) ->
                                            afterHandshake(worker, established, site, protocol)));
        });
    }

    private void afterHandshake(Worker worker, Channel channel, String site, @Nullable String applicationProtocol) {
        if ("h2".equals(applicationProtocol)) {
            channel.pipeline()
                    .addLast("Http2ClientConnection", Http2ClientConnection.of(worker, httpsSteps, site, channel));
            return;
        }
        // HTTP/1.1 is what a client speaks that negotiates nothing.
        channel.pipeline().addLast("Http1ClientConnection", http1(worker, httpsSteps, site, channel));
    }

    private Http1ClientConnection http1(
            Worker worker, List<RequestStep> steps, @Nullable String site, Channel channel) {
        return new Http1ClientConnection(
                worker,
                steps,
                (client, server, fromClient, fromServer) -> tunnel(worker, client, server, fromClient, fromServer),
                site,
                channel);
    }

    private static void tunnel(
            Worker worker, Channel client, Channel server, @Nullable ByteBuf fromClient, @Nullable ByteBuf fromServer) {
        Tunnel.join(client, server, fromClient, fromServer, worker.timeouts().tunnel());
    }

    private static ChannelInitializer<Channel> initializer(Consumer<Channel> pipeline) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                pipeline.accept(channel);
            }
        };
    }
}
