package dev.postern.tls;

import dev.postern.certificate.served.CertificateTable;
import dev.postern.machine.MachineErrors;
import dev.postern.pki.Certificate;
import dev.postern.wire.Closed;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first handler of an https connection: reads the ClientHello, finds the certificate for its server name, and puts
 * the TLS handler that presents it in its own place. Who names no server asks for the address that was connected to. A
 * name without a certificate is refused with {@code unrecognized_name}: nobody is ever shown another site's certificate,
 * unless the operator has a site for those who name nobody's. One deadline covers everything from accept to the end of the
 * handshake.
 *
 * <p>A CA's validator (<a href="https://datatracker.ietf.org/doc/html/rfc8737">RFC 8737</a>) is shown the certificate of
 * the challenge that is open for its server name, and closed after the handshake; it never gets to what comes after one.
 */
public final class SelectCertificate extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(SelectCertificate.class);

    /** What a client is told that is refused, and what that counts as. */
    private enum Alert {
        UNRECOGNIZED_NAME(112, HandshakeObserver.Failure.NO_CERTIFICATE),
        DECODE_ERROR(50, HandshakeObserver.Failure.MALFORMED),
        NO_APPLICATION_PROTOCOL(120, HandshakeObserver.Failure.REFUSED);

        private final byte description;
        private final HandshakeObserver.Failure failure;

        Alert(int description, HandshakeObserver.Failure failure) {
            this.description = (byte) description;
            this.failure = failure;
        }

        /** RFC 8446 §6: record of type alert, fatal(2), and the description. */
        private byte[] bytes() {
            return new byte[] {21, 3, 3, 0, 2, 2, description};
        }
    }

    /** Puts in place what comes next. Called on the event loop, before any byte is passed on. */
    public interface Next {
        /**
         * After the handshake.
         *
         * @param applicationProtocol as agreed by ALPN; null where the client does not negotiate
         */
        void established(Channel channel, ShownCertificate shown, @Nullable String applicationProtocol);

        /**
         * Runs {@code handshake}, now or in a while where the event loop is busy: a handshake costs as much as many
         * requests, and nobody is to be kept waiting by a crowd of them.
         *
         * @param broken to be run where {@code handshake} throws in a while
         */
        void inTurn(Runnable handshake, Runnable broken);

        /** Which lower-case name a client means that asks for {@code serverName}, or names none. */
        String wanted(@Nullable String serverName);

        /**
         * By which name the certificate is found that is presented for {@code wanted}; null where none is, whatever there
         * is.
         */
        @Nullable String certified(String wanted);

        /**
         * Instead of a handshake: takes the connection, ClientHello and all, to be passed on unopened; false where there is to be
         * a handshake.
         *
         * @param serverName as {@link #wanted}
         */
        boolean passes(Channel channel, String serverName);

        /** Instead of a handshake: the client speaks HTTP as it is, and is to be told so. */
        void plaintext(Channel channel);
    }

    private final ServerContexts contexts;
    private final InetSocketAddress client;
    private final Duration timeout;
    private final Next next;

    private final ClientHello.Reader reader = new ClientHello.Reader();
    private @Nullable ByteBuf hello;
    private boolean refused;
    private boolean told;
    /** The hello is complete, and what it asks for is being read from the store, or others have their turn. */
    private boolean waiting;

    private @Nullable ScheduledFuture<?> deadline;

    /** @param client for the log */
    public SelectCertificate(ServerContexts contexts, InetSocketAddress client, Duration timeout, Next next) {
        this.contexts = contexts;
        this.client = client;
        this.timeout = timeout;
        this.next = next;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        Channel channel = ctx.channel();
        deadline = ctx.executor()
                .schedule(
                        () -> {
                            failed(HandshakeObserver.Failure.TIMEOUT);
                            LOG.debug("client {}: tls: handshake not complete after {}; closed", client(), timeout);
                            close(channel);
                        },
                        timeout.toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (refused) {
            bytes.release();
            return;
        }
        ByteBuf all = hello == null ? bytes : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), hello, bytes);
        hello = all;
        if (waiting) {
            if (all.readableBytes() > ClientHello.MAX_LENGTH) {
                refuse(ctx, Alert.DECODE_ERROR, "more than a ClientHello before the answer to it");
            }
            return;
        }
        if (beginsMethod(all)) {
            speakPlaintext(ctx);
            return;
        }
        try {
            ClientHello parsed = reader.read(all);
            if (parsed != null && next.passes(ctx.channel(), next.wanted(parsed.serverName()))) {
                leave(ctx);
            } else if (parsed != null && parsed.isOfValidator()) {
                answerChallenge(ctx, parsed.serverName());
            } else if (parsed != null) {
                String certified = certified(parsed);
                CertificateTable.Loading loading = certified == null ? null : contexts.loading(certified);
                if (loading == null) {
                    selectInTurn(ctx, parsed);
                } else {
                    await(ctx, parsed, loading);
                }
            }
        } catch (ClientHello.Malformed e) {
            refuse(ctx, Alert.DECODE_ERROR, e.getMessage());
        }
    }

    /** No TLS record begins with a letter, and every method does. */
    private static boolean beginsMethod(ByteBuf bytes) {
        int first = bytes.isReadable() ? bytes.getByte(bytes.readerIndex()) | 0x20 : 0;
        return first >= 'a' && first <= 'z';
    }

    private void speakPlaintext(ChannelHandlerContext ctx) {
        LOG.debug("client {}: tls: plain HTTP", client());
        failed(HandshakeObserver.Failure.MALFORMED);
        next.plaintext(ctx.channel());
        leave(ctx);
    }

    /** What has come goes to what is in place by now. */
    private void leave(ChannelHandlerContext ctx) {
        told = true;
        cancelDeadline();
        ByteBuf first = Objects.requireNonNull(hello, "hello");
        hello = null;
        ctx.fireChannelRead(first);
        ctx.fireChannelReadComplete();
        ctx.pipeline().remove(this);
    }

    /** Goes on once the site is read, on this event loop; until then nothing more is taken from the client. */
    private void await(ChannelHandlerContext ctx, ClientHello parsed, CertificateTable.Loading loading) {
        waiting = true;
        ctx.channel().config().setAutoRead(false);
        var unused = loading.now().whenComplete((read, failure) -> {
            try {
                ctx.executor().execute(() -> goOn(ctx, parsed));
            } catch (RejectedExecutionException e) {
                LOG.debug("client {}: tls: the event loop has ended", client(), e);
            }
        });
    }

    private void selectInTurn(ChannelHandlerContext ctx, ClientHello parsed) {
        waiting = true;
        next.inTurn(() -> goOn(ctx, parsed), () -> close(ctx.channel()));
        if (waiting) {
            ctx.channel().config().setAutoRead(false);
        }
    }

    private void goOn(ChannelHandlerContext ctx, ClientHello parsed) {
        waiting = false;
        if (hello == null || ctx.isRemoved()) {
            // Closed meanwhile.
            return;
        }
        ctx.channel().config().setAutoRead(true);
        select(ctx, parsed);
    }

    private void select(ChannelHandlerContext ctx, ClientHello parsed) {
        String asked = certified(parsed);
        Certificate certificate = asked == null ? null : contexts.certificate(asked, parsed);
        if (asked == null || certificate == null) {
            refuse(
                    ctx,
                    Alert.UNRECOGNIZED_NAME,
                    (parsed.serverName() == null ? "no server name; " : "") + "no certificate for \""
                            + next.wanted(parsed.serverName()) + "\"");
            return;
        }
        List<String> offered = parsed.protocols();
        if (offered != null && !contexts.agrees(offered)) {
            // RFC 7301 §3.2.
            refuse(ctx, Alert.NO_APPLICATION_PROTOCOL, "no protocol of ours among " + offered);
            return;
        }
        ServerContexts.Begun begun;
        try {
            begun = contexts.begin(asked, certificate, ctx.alloc());
        } catch (SSLException e) {
            LOG.error("{}: tls: certificate cannot be used; handshake refused", certificate.site(), e);
            refuse(ctx, Alert.UNRECOGNIZED_NAME, "certificate cannot be used");
            return;
        }
        handshake(ctx, begun.tls(), new AwaitHandshake(next.wanted(parsed.serverName()), begun, begun.tls()));
    }

    private @Nullable String certified(ClientHello parsed) {
        return next.certified(next.wanted(parsed.serverName()));
    }

    private void answerChallenge(ChannelHandlerContext ctx, @Nullable String serverName) {
        Certificate answer = serverName == null ? null : contexts.challenge(serverName);
        if (answer == null) {
            refuse(
                    ctx,
                    Alert.NO_APPLICATION_PROTOCOL,
                    "acme-tls/1 and no challenge open for "
                            + (serverName == null ? "no name" : '"' + serverName + '"'));
            return;
        }
        SslHandler tls;
        try {
            tls = contexts.challengeHandler(answer, ctx.alloc());
        } catch (SSLException e) {
            LOG.error("{}: tls: challenge cannot be answered; handshake refused", answer.site(), e);
            refuse(ctx, Alert.NO_APPLICATION_PROTOCOL, "challenge cannot be answered");
            return;
        }
        LOG.info("challenge tls-alpn-01 for {}: asked by {}: answered", serverName, client());
        handshake(ctx, tls, new AwaitHandshake("", null, tls));
    }

    /** Puts the TLS handler, which gets the hello, in the place of this one. */
    private void handshake(ChannelHandlerContext ctx, SslHandler tls, AwaitHandshake await) {
        // Our own deadline goes on.
        tls.setHandshakeTimeoutMillis(0);
        ctx.pipeline().addAfter(ctx.name(), "EndWithTls", new EndWithTls(tls));
        if (await.asksForCertificate()) {
            ctx.pipeline().addAfter(ctx.name(), "LingerAfterAlert", new LingerAfterAlert(tls));
        }
        ctx.pipeline().addAfter("EndWithTls", "tls", tls);
        ctx.pipeline().addAfter("tls", "AwaitHandshake", await);
        ByteBuf first = Objects.requireNonNull(hello, "hello");
        hello = null;
        ctx.fireChannelRead(first);
        ctx.fireChannelReadComplete();
        ctx.pipeline().remove(this);
    }

    /** For the log. */
    private String client() {
        return NetUtil.toSocketAddressString(client);
    }

    private void refuse(ChannelHandlerContext ctx, Alert alert, @Nullable String why) {
        LOG.debug("client {}: tls: {}; refused", client(), why);
        failed(alert.failure);
        // The deadline goes on: the alert may never be taken.
        refused = true;
        releaseHello();
        ctx.writeAndFlush(Unpooled.wrappedBuffer(alert.bytes())).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        failed(HandshakeObserver.Failure.GONE);
        cancelDeadline();
        releaseHello();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        MachineErrors.check(cause);
        LOG.debug("client {}: tls: {}", client(), cause.toString());
        close(ctx.channel());
    }

    private void releaseHello() {
        ByteBuf unused = hello;
        hello = null;
        if (unused != null) {
            unused.release();
        }
    }

    /** Only what comes first is told: the rest follows from it. */
    private void failed(HandshakeObserver.Failure why) {
        if (!told) {
            told = true;
            contexts.observer().failed(why);
        }
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    private static void close(Channel channel) {
        channel.close().addListener(Closed.OBSERVED);
    }

    /** Stands behind the TLS handler until the handshake is over. */
    private final class AwaitHandshake extends ChannelInboundHandlerAdapter {
        private final String asked;
        private final ServerContexts.@Nullable Begun begun;
        private final SslHandler tls;

        /** @param begun null where nothing comes after the handshake */
        AwaitHandshake(String asked, ServerContexts.@Nullable Begun begun, SslHandler tls) {
            this.asked = asked;
            this.begun = begun;
            this.tls = tls;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake) {
                cancelDeadline();
                if (handshake.isSuccess()) {
                    succeeded(ctx);
                } else {
                    failed(begun == null ? HandshakeObserver.Failure.FAILED : begun.failure(handshake.cause()));
                    // The TLS handler has sent its alert and closes.
                    MachineErrors.check(handshake.cause());
                    LOG.debug("client {}: tls: {}", client(), handshake.cause().toString());
                }
            }
        }

        boolean asksForCertificate() {
            return begun != null && begun.asksForCertificate();
        }

        private void succeeded(ChannelHandlerContext ctx) {
            if (ctx.pipeline().get(LingerAfterAlert.class) != null) {
                ctx.pipeline().remove(LingerAfterAlert.class);
            }
            ShownCertificate shown = begun == null ? null : begun.over(asked);
            if (begun != null && shown == null) {
                failed(HandshakeObserver.Failure.CLIENT_CERTIFICATE);
                LOG.debug("client {}: tls: certificate of a session that was resumed is not good any more", client());
            } else if (!told) {
                told = true;
                contexts.observer().completed(tls.engine().getSession().getProtocol());
            }
            if (shown == null) {
                close(ctx.channel());
            } else {
                next.established(ctx.channel(), shown, tls.applicationProtocol());
                ctx.pipeline().remove(this);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            failed(HandshakeObserver.Failure.GONE);
            cancelDeadline();
            ctx.fireChannelInactive();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            MachineErrors.check(cause);
            LOG.debug("client {}: tls: {}", client(), cause.toString());
            if (tls.handshakeFuture().isSuccess()) {
                // What comes after the handshake could not be put in place.
                close(ctx.channel());
            }
        }
    }
}
