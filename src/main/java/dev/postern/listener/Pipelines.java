package dev.postern.listener;

import dev.postern.config.AddressRange;
import dev.postern.config.Addresses;
import dev.postern.config.RateLimit;
import dev.postern.http.exchange.CertificateShown;
import dev.postern.http.exchange.LinesPerMinute;
import dev.postern.http.exchange.RequestSteps;
import dev.postern.http.exchange.TowardsServers;
import dev.postern.http.exchange.Worker;
import dev.postern.http.h1.Http1ClientConnection;
import dev.postern.http.h1.Http1ServerConnections;
import dev.postern.http.h2.Http2ClientConnection;
import dev.postern.http.h2.Http2ServerConnections;
import dev.postern.http.step.AnswerHttp01Challenge;
import dev.postern.http.step.Logins;
import dev.postern.http.step.RedirectToHttps;
import dev.postern.http.step.RefusePlaintext;
import dev.postern.http.step.RefuseWhenMemoryIsShort;
import dev.postern.http.step.RelayAcmeChallenge;
import dev.postern.http.step.RouteToSite;
import dev.postern.http.step.ServePages;
import dev.postern.machine.MemoryGuard;
import dev.postern.tls.SelectCertificate;
import dev.postern.tls.ServerContexts;
import dev.postern.tls.ShownCertificate;
import dev.postern.tunnel.Passage;
import dev.postern.tunnel.PassageRecord;
import dev.postern.tunnel.Passages;
import dev.postern.tunnel.Service;
import dev.postern.wire.Endpoints;
import dev.postern.wire.Failure;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every handler of every protocol, in order. What happens to a connection, and to a request on it, is what these lists
 * say; a step is added here, nowhere else.
 */
public final class Pipelines {
    private static final Logger LOG = LoggerFactory.getLogger(Pipelines.class);

    /** A few dashboards, and then some. */
    private static final int ADMIN_PLACES = 64;

    /** Every validator of every CA at once, and then some. */
    private static final int CHALLENGE_PLACES = 256;

    private final RelayAcmeChallenge relay;
    private final AnswerHttp01Challenge answers;
    private final RefuseWhenMemoryIsShort refuse;
    private final RouteToSite route;
    private final Logins logins;
    private final ConnectionsPerClient perClient;
    private final MemoryGuard memory;
    private final LinesPerMinute unspoken = new LinesPerMinute(1);

    public Pipelines(
            RelayAcmeChallenge relay,
            AnswerHttp01Challenge answers,
            Logins logins,
            ConnectionsPerClient perClient,
            MemoryGuard memory) {
        this.relay = relay;
        this.answers = answers;
        this.perClient = perClient;
        this.memory = memory;
        this.route = new RouteToSite(logins);
        this.logins = logins;
        this.refuse = new RefuseWhenMemoryIsShort(memory);
    }

    // The relay first, because a CA must get through whatever else happens, and wherever it was sent to.

    private RequestSteps httpSteps(String listener) {
        return RequestSteps.of(listener, relay, refuse, new RedirectToHttps(), route);
    }

    private RequestSteps httpsSteps(String listener) {
        return RequestSteps.of(listener, relay, refuse, route);
    }

    private RequestSteps plainSteps(String listener) {
        return RequestSteps.of(listener, relay, new RefusePlaintext());
    }

    /** What a request goes out by. */
    public static TowardsServers.Protocols toServers() {
        return new TowardsServers.Protocols(Http1ServerConnections::new, Http2ServerConnections::new);
    }

    /** Plaintext from the world, at the listener of this name. */
    public ChannelInitializer<Channel> http(String listener, Worker worker) {
        Supplier<List<AddressRange>> proxies =
                () -> worker.routing().entrance(listener).proxies();
        return ifThereIsMemory(
                initializer(worker, proxies, fromTheWorld(worker, proxies, plaintext(worker, httpSteps(listener)))));
    }

    /** The side port. */
    public ChannelInitializer<Channel> challenge(Worker worker) {
        return initializer(
                worker,
                List::of,
                roomy(worker, RequestSteps.of("challenge", answers), new Room("challenge", CHALLENGE_PLACES)));
    }

    /** What only operators and their programs may reach. */
    public ChannelInitializer<Channel> admin(Worker worker, ServePages.Pages pages) {
        return initializer(
                worker,
                List::of,
                roomy(
                        worker,
                        RequestSteps.of("admin", new ServePages(worker.loop(), pages, logins)),
                        new Room("admin", ADMIN_PLACES)));
    }

    /** Whoever takes a place and says nothing leaves it to whoever comes next. */
    private BiConsumer<Channel, Endpoints> roomy(Worker worker, RequestSteps steps, Room room) {
        return (channel, endpoints) -> {
            Http1ClientConnection connection = http1(worker, steps, null, endpoints, channel);
            room.admit(channel, connection);
            channel.pipeline().addLast("Http1ClientConnection", connection);
        };
    }

    private BiConsumer<Channel, Endpoints> plaintext(Worker worker, RequestSteps steps) {
        return (channel, endpoints) ->
                channel.pipeline().addLast("Http1ClientConnection", http1(worker, steps, null, endpoints, channel));
    }

    /** A service of layer 4; {@code entry} is asked for each connection. */
    public ChannelInitializer<Channel> tcp(Worker worker, Passages passages, Supplier<TcpEntry> entry) {
        Supplier<List<AddressRange>> proxies = () -> entry.get().config().proxyProtocol();
        return ifThereIsMemory(initializer(worker, proxies, fromTheWorld(worker, proxies, (channel, endpoints) -> {
            TcpEntry now = entry.get();
            if (refused(channel, endpoints, null, now.service(), passages, worker)) {
                return;
            }
            if (now.config().tls() == null) {
                Passage.begin(channel, endpoints, PassageRecord.Hello.NONE, now.service(), passages);
            } else {
                worker.puttingOut().arrives(channel);
                // As for https; but what comes next is not HTTP.
                channel.pipeline()
                        .addLast(
                                "SelectCertificate",
                                new SelectCertificate(
                                        now.contexts(),
                                        endpoints.client(),
                                        worker.routing().timeouts().handshake(),
                                        toService(worker, passages, endpoints, now)));
            }
        })));
    }

    private static SelectCertificate.Next toService(
            Worker worker, Passages passages, Endpoints endpoints, TcpEntry entry) {
        String site = Objects.requireNonNull(entry.config().tls(), "tls");
        return new SelectCertificate.Next() {
            @Override
            public void established(
                    Channel channel, ShownCertificate certificate, @Nullable String applicationProtocol) {
                worker.puttingOut().arrived(channel);
                Passage.begin(
                        channel,
                        endpoints,
                        new PassageRecord.Hello(null, certificate.client()),
                        entry.service(),
                        passages);
            }

            @Override
            public String wanted(@Nullable String serverName) {
                // Clients of most protocols name nobody, or the address that they were given.
                return site;
            }

            @Override
            public String certified(String wanted) {
                return wanted;
            }

            @Override
            public boolean passes(Channel channel, String serverName) {
                return false;
            }

            @Override
            public void inTurn(Runnable handshake, Runnable broken) {
                worker.turns().inTurn(handshake, broken);
            }

            @Override
            public void plaintext(Channel channel) {
                closed(channel.close(), "no TLS");
            }
        };
    }

    /** Closes a connection that {@code service} does not let in; whether it was. */
    private static boolean refused(
            Channel channel,
            Endpoints endpoints,
            @Nullable String serverName,
            Service service,
            Passages passages,
            Worker worker) {
        Service.Admission admission = service.admission();
        InetAddress client = endpoints.client().getAddress();
        RateLimit limit = admission.rateLimit();
        Failure why = null;
        if (!admission.admits(client)) {
            why = Failure.ByClient.ADDRESS_DENIED;
        } else if (limit != null && worker.routing().rates().take(limit, client, worker.nanos()) > 0) {
            why = Failure.ByClient.TOO_MANY_REQUESTS;
        }
        if (why == null) {
            return false;
        }
        passages.refused(endpoints, serverName, service, why);
        closed(channel.close(), why.reason());
        return true;
    }

    /**
     * TLS from the world, at the listener of this name.
     *
     * @param contexts of this listener
     */
    public ChannelInitializer<Channel> https(
            String listener, ServerContexts contexts, Worker worker, Passages passages) {
        Supplier<List<AddressRange>> proxies =
                () -> worker.routing().entrance(listener).proxies();
        RequestSteps httpsSteps = httpsSteps(listener);
        RequestSteps plainSteps = plainSteps(listener);
        return ifThereIsMemory(initializer(worker, proxies, fromTheWorld(worker, proxies, (channel, endpoints) -> {
            worker.puttingOut().arrives(channel);
            // Before all of HTTP, because which TLS handler comes next depends on the server name; replaces
            // itself by "EndWithTls", "tls" and "AwaitHandshake", and the latter by what ALPN agreed on.
            channel.pipeline()
                    .addLast(
                            "SelectCertificate",
                            new SelectCertificate(
                                    contexts,
                                    endpoints.client(),
                                    worker.routing().timeouts().handshake(),
                                    afterHello(worker, passages, endpoints, httpsSteps, plainSteps)));
        })));
    }

    /** Closes a connection at once, before anything is made for it, where memory is short. */
    private ChannelInitializer<Channel> ifThereIsMemory(ChannelInitializer<Channel> pipeline) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                if (memory.isShort()) {
                    memory.refused(MemoryGuard.Refused.CONNECTION);
                    closed(channel.close(), "memory is short");
                } else {
                    channel.pipeline().addLast(pipeline);
                }
            }
        };
    }

    private static void closed(ChannelFuture close, String why) {
        close.addListener(closed -> {
            if (!closed.isSuccess()) {
                LOG.debug("{}: {}: close failed", close.channel(), why, closed.cause());
            }
        });
    }

    /**
     * Closes what a client opens beyond its share, at once and without a word. Proxies have no share: those that are
     * trusted, and those whose connection it is themselves that speak the PROXY protocol.
     */
    private BiConsumer<Channel, Endpoints> fromTheWorld(
            Worker worker, Supplier<List<AddressRange>> proxies, BiConsumer<Channel, Endpoints> pipeline) {
        return (channel, endpoints) -> {
            OptionalInt max = worker.routing().limits().connectionsPerClient();
            InetAddress client = endpoints.client().getAddress();
            if (max.isEmpty()
                    || worker.routing().isTrustedProxy(client)
                    || AddressRange.anyContains(proxies.get(), client)
                    || perClient.admit(channel, client, max.getAsInt())) {
                pipeline.accept(channel, endpoints);
            } else {
                LOG.debug(
                        "client {}: limits.connections-per-client: {}; closed", endpoints.clientText(), max.getAsInt());
                closed(channel.close(), "limits.connections-per-client");
            }
        };
    }

    private SelectCertificate.Next afterHello(
            Worker worker, Passages passages, Endpoints endpoints, RequestSteps httpsSteps, RequestSteps plainSteps) {
        String listener = httpsSteps.listener();
        return new SelectCertificate.Next() {
            @Override
            public void established(
                    Channel channel, ShownCertificate certificate, @Nullable String applicationProtocol) {
                worker.puttingOut().arrived(channel);
                CertificateShown shown = new CertificateShown(
                        certificate.site(),
                        certificate.serverName(),
                        certificate::isAlsoOf,
                        certificate::isAskedAs,
                        certificate::client);
                if ("h2".equals(applicationProtocol)) {
                    Http2ClientConnection http2 =
                            Http2ClientConnection.of(worker, httpsSteps, shown, endpoints, channel);
                    // Before it, because it hears how that one closes.
                    channel.pipeline().addLast("HalfClose", http2.halfClose());
                    channel.pipeline().addLast("Http2ClientConnection", http2);
                } else {
                    // HTTP/1.1 is what a client speaks that negotiates nothing.
                    channel.pipeline()
                            .addLast("Http1ClientConnection", http1(worker, httpsSteps, shown, endpoints, channel));
                }
            }

            @Override
            public String wanted(@Nullable String serverName) {
                // RFC 6066 §3 has no server name for an address.
                return serverName == null ? Addresses.text(endpoints.local().getAddress()) : serverName;
            }

            @Override
            public @Nullable String certified(String wanted) {
                return worker.routing().entrance(listener).certified(wanted);
            }

            @Override
            public boolean passes(Channel channel, String serverName) {
                Service service = worker.routing().passage(listener, serverName);
                if (service == null) {
                    return false;
                }
                worker.puttingOut().arrived(channel);
                if (!refused(channel, endpoints, serverName, service, passages, worker)) {
                    Passage.begin(channel, endpoints, new PassageRecord.Hello(serverName, null), service, passages);
                }
                return true;
            }

            @Override
            public void inTurn(Runnable handshake, Runnable broken) {
                worker.turns().inTurn(handshake, broken);
            }

            @Override
            public void plaintext(Channel channel) {
                worker.puttingOut().arrived(channel);
                Pipelines.this.plaintext(worker, plainSteps).accept(channel, endpoints);
            }
        };
    }

    private Http1ClientConnection http1(
            Worker worker, RequestSteps steps, @Nullable CertificateShown shown, Endpoints endpoints, Channel channel) {
        return new Http1ClientConnection(worker, steps, shown, endpoints, channel);
    }

    /** @param proxies whose connections begin with a PROXY header; nobody else's do */
    private ChannelInitializer<Channel> initializer(
            Worker worker, Supplier<List<AddressRange>> proxies, BiConsumer<Channel, Endpoints> pipeline) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.config().setRecvByteBufAllocator(worker.turns().reads());
                Endpoints connection = Endpoints.of(channel);
                if (AddressRange.anyContains(proxies.get(), connection.client().getAddress())) {
                    // First, because who the client is everything else wants to know; goes when it has said so.
                    channel.pipeline()
                            .addLast(
                                    "ReadProxyHeader",
                                    new ReadProxyHeader(
                                            connection,
                                            worker.routing().timeouts().handshake(),
                                            named -> pipeline.accept(channel, named),
                                            Pipelines.this::told));
                } else {
                    pipeline.accept(channel, connection);
                }
            }
        };
    }

    /** That a proxy of the operator's own does not speak as configured is for the operator; once a minute will do. */
    private void told(String problem) {
        if (unspoken.mayBeTold(System.nanoTime())) {
            LOG.warn(
                    "{} (proxy-protocol lists its address: it has to begin every connection with a PROXY header)",
                    problem);
        } else {
            LOG.debug("{}", problem);
        }
    }
}
