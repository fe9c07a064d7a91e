package dev.postern.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AddressedEnvelope;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverChannelStrategy;
import io.netty.resolver.dns.DnsNameResolverTimeoutException;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks DNS servers, the first one first and the next where it does not answer, each name anew: what is kept for how long
 * is not its business. A truncated answer is asked for again over TCP.
 */
final class DnsResolver implements Resolver {
    /** Short of the 5 s within which a server that has moved is to be found again, long enough for a cold cache. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final DnsNameResolver resolver;
    private final ResolvConf conf;

    DnsResolver(
            EventLoop loop,
            Class<? extends DatagramChannel> datagrams,
            Class<? extends SocketChannel> connections,
            ResolvConf conf) {
        this.conf = conf;
        this.resolver = new DnsNameResolverBuilder(loop)
                .datagramChannelType(datagrams)
                .socketChannelType(connections)
                // A port of its own for each question: one thing more that a forged answer would have to guess (RFC
                // 5452).
                .datagramChannelStrategy(DnsNameResolverChannelStrategy.ChannelPerResolution)
                .nameServerProvider(new SequentialDnsServerAddressStreamProvider(conf.servers()))
                .queryTimeoutMillis(PATIENCE.toMillis())
                .searchDomains(List.of())
                .build();
    }

    @Override
    public void ask(String host, Family family, Consumer<DnsAnswer> answered) {
        List<DnsQuestion> questions = new ArrayList<>();
        for (String name : conf.candidates(host)) {
            questions.add(new DefaultDnsQuestion(name, type(family)));
        }
        new Asking(questions, answered).next();
    }

    private static DnsRecordType type(Family family) {
        return family == Family.IPV4 ? DnsRecordType.A : DnsRecordType.AAAA;
    }

    /** One name, under every name it may stand for, of every server until one knows. */
    private final class Asking {
        private final List<DnsQuestion> questions;
        private final Consumer<DnsAnswer> answered;
        private int question;
        private int server;
        private DnsAnswer.@Nullable Failed failure;

        Asking(List<DnsQuestion> questions, Consumer<DnsAnswer> answered) {
            this.questions = questions;
            this.answered = answered;
        }

        void next() {
            resolver.query(conf.servers().get(server), questions.get(question))
                    .addListener((Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> asked) -> {
                        if (asked.isSuccess()) {
                            heard(asked.getNow());
                        } else {
                            failed(
                                    asked.cause() instanceof DnsNameResolverTimeoutException
                                            ? "no answer within " + PATIENCE.toMillis() + " ms"
                                            : String.valueOf(asked.cause().getMessage()),
                                    false);
                        }
                    });
        }

        private void heard(AddressedEnvelope<DnsResponse, InetSocketAddress> envelope) {
            try {
                DnsResponse response = envelope.content();
                if (response.code().equals(DnsResponseCode.NOERROR)) {
                    answered.accept(found(response, questions.get(question).type()));
                } else if (!response.code().equals(DnsResponseCode.NXDOMAIN)) {
                    failed("answers " + response.code(), true);
                } else {
                    isNot();
                }
            } finally {
                envelope.release();
            }
        }

        /** There is no such name; perhaps under another domain. */
        private void isNot() {
            if (question + 1 < questions.size()) {
                question++;
                server = 0;
                next();
            } else {
                answered.accept(failure != null ? failure : new DnsAnswer.None("no such name"));
            }
        }

        /** @param heard whether there was an answer: as in other resolvers, a domain that is broken does not hide the next */
        private void failed(String why, boolean heard) {
            InetSocketAddress asked = conf.servers().get(server);
            if (server + 1 < conf.servers().size()) {
                server++;
                next();
                return;
            }
            failure = new DnsAnswer.Failed("DNS server " + NetUtil.toSocketAddressString(asked) + ": " + why);
            if (heard) {
                isNot();
            } else {
                answered.accept(failure);
            }
        }
    }

    /** Aliases come with what they lead to; the shortest-lived record of the chain is what it is good for. */
    private static DnsAnswer found(DnsResponse response, DnsRecordType type) {
        List<InetAddress> addresses = new ArrayList<>();
        long lifetime = Long.MAX_VALUE;
        for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
            DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
            InetAddress address = record.type().equals(type) ? address(record) : null;
            if (address != null && !addresses.contains(address)) {
                addresses.add(address);
            }
            lifetime = Math.min(lifetime, record.timeToLive());
        }
        return addresses.isEmpty()
                ? new DnsAnswer.None("no address")
                : new DnsAnswer.Found(List.copyOf(addresses), Duration.ofSeconds(lifetime));
    }

    private static @Nullable InetAddress address(DnsRecord record) {
        if (!(record instanceof DnsRawRecord raw)) {
            return null;
        }
        ByteBuf content = raw.content();
        byte[] bytes = new byte[content.readableBytes()];
        content.getBytes(content.readerIndex(), bytes);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            // Neither four bytes nor sixteen.
            return null;
        }
    }

    @Override
    public void close() {
        resolver.close();
    }
}
