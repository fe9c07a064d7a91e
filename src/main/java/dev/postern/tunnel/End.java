package dev.postern.tunnel;

import dev.postern.machine.MachineErrors;
import dev.postern.wire.Closed;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One of the two connections of a passage: what comes in here goes out there. Where the other end takes less than comes,
 * nothing is read here until it has (back-pressure). The end of what comes is passed on as such: the other direction stays
 * open. Event loop only.
 */
final class End extends ChannelInboundHandlerAdapter {
    /** Whom the two ends belong to. */
    interface Both {
        /** There is more in {@link #early} of {@code end} now; returns whether to read on before there is another end. */
        boolean heard(End end);

        /** Nothing more comes from {@code end}; the other one knows. */
        void said(End end);

        /** Nothing more can be sent to {@code end}: it was told so, or is closed. */
        void settled(End end);

        /** {@code end} was reset, or cannot be written to. */
        void broken(End end, Throwable cause);
    }

    private final Channel channel;
    private final Both both;
    private @Nullable End other;
    /** Null for plaintext. */
    private @Nullable SslHandler tls;
    /** What came before there was another end: one read, or as many as {@link Both#heard} asks for. */
    private final Queue<ByteBuf> early = new ArrayDeque<>(1);

    private long received;
    private long lastNanos;
    private long heldBefore;
    private boolean inputOver;
    /** Nothing more is written here; what is, goes out. */
    private boolean outputOver;
    /** And has gone out. */
    private boolean outputShut;

    private boolean closed;
    /** It was reset, and that was noticed by what could not be written: what it said before is still to be read. */
    private @Nullable Throwable notWritten;
    /** The rest of its life is that of {@link LateReset}. */
    private boolean left;

    End(Channel channel, Both both) {
        this.channel = channel;
        this.both = both;
        this.lastNanos = channel.eventLoop().ticker().nanoTime();
        boolean set = channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        assert set : "half closure";
        // What it said before it was reset is read even where writing to it tells of that first.
        channel.config().setAutoClose(false);
        channel.config().setAutoRead(true);
    }

    /** From there, bytes. */
    long received() {
        return received;
    }

    /** What has come before there was another end. */
    byte[] early() {
        ByteBuf all = Unpooled.wrappedBuffer(
                early.stream().map(ByteBuf::retainedDuplicate).toArray(ByteBuf[]::new));
        try {
            return ByteBufUtil.getBytes(all);
        } finally {
            all.release();
        }
    }

    /** From now on what comes goes to {@code end}, and what came has gone there. */
    void joins(End end) {
        other = end;
        while (!early.isEmpty()) {
            end.write(early.remove());
        }
        end.channel.flush();
        if (inputOver) {
            end.endOutput();
        } else {
            channel.config().setAutoRead(end.channel.isWritable());
        }
    }

    private void write(ByteBuf bytes) {
        // A failure comes back as an exception of the channel.
        var unused = channel.write(bytes, channel.voidPromise());
    }

    // ---- what comes

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        tls = ctx.pipeline().get(SslHandler.class);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        received += bytes.readableBytes();
        lastNanos = channel.eventLoop().ticker().nanoTime();
        if (inputOver || (other != null && other.outputOver)) {
            bytes.release();
        } else if (other == null) {
            early.add(bytes);
            channel.config().setAutoRead(both.heard(this));
        } else {
            other.write(bytes);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (isOverByTls()) {
            endInput();
        }
        if (other != null) {
            other.channel.flush();
            if (!inputOver && !other.channel.isWritable()) {
                channel.config().setAutoRead(false);
            }
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (channel.isWritable()
                && other != null
                && !other.inputOver
                && !other.channel.config().isAutoRead()) {
            other.channel.config().setAutoRead(true);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent || (event instanceof SslCloseCompletionEvent && isOverByTls())) {
            endInput();
        }
    }

    /** Whether it has said goodbye. Netty says so too, at the next record that comes, where it is only we who have. */
    private boolean isOverByTls() {
        return tls != null && tls.engine().isInboundDone();
    }

    private void endInput() {
        if (inputOver) {
            return;
        }
        inputOver = true;
        lastNanos = channel.eventLoop().ticker().nanoTime();
        if (notWritten != null) {
            both.broken(this, notWritten);
            return;
        }
        if (other != null) {
            other.endOutput();
        }
        both.said(this);
    }

    /** The other end has said all: what is still to be written is, and then this end is told. */
    private void endOutput() {
        if (outputOver) {
            return;
        }
        outputOver = true;
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            SslHandler over = tls;
            if (!channel.isActive() || !written.isSuccess()) {
                shut();
            } else if (over == null) {
                shutdownOutput();
            } else {
                over.closeOutbound().addListener(sent -> shutdownOutput());
            }
        });
    }

    private void shutdownOutput() {
        if (inputOver && other != null && other.outputShut) {
            // Both have said all, and had all: it is closed now, which tells it as much.
            shut();
        } else {
            ((DuplexChannel) channel).shutdownOutput().addListener(done -> shut());
        }
    }

    private void shut() {
        outputShut = true;
        // Where nothing more is said here, the end of what comes is the end of the connection.
        boolean set = channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        assert set : "half closure";
        both.settled(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closed = true;
        outputOver = true;
        endInput();
        shut();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        MachineErrors.check(cause);
        if (inputOver || outputOver || !channel.isOpen() || !((DuplexChannel) channel).isOutputShutdown()) {
            both.broken(this, notWritten == null ? cause : notWritten);
        } else {
            notWritten = cause;
            outputOver = true;
            channel.config().setAutoRead(true);
        }
    }

    // ---- what is looked at

    boolean isInputOver() {
        return inputOver;
    }

    /** Whether it has had all, and nothing comes from it that {@code end} could take. */
    boolean isDone(End end) {
        return outputShut && (inputOver || end.closed);
    }

    /** Whether nobody reads from it now, since the other end does not take what is there. */
    boolean waitsForOther() {
        return !channel.config().isAutoRead();
    }

    /** When it last sent or took anything; looked at now. */
    long movedNanos(long nowNanos) {
        ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
        long held = out == null ? 0 : out.totalPendingWriteBytes();
        if (held < heldBefore) {
            lastNanos = nowNanos;
        }
        heldBefore = held;
        return lastNanos;
    }

    // ---- the end

    /** What the system has of it gets there, if it is taken. */
    void close() {
        if (left) {
            return;
        }
        release();
        channel.close().addListener(Closed.OBSERVED);
    }

    /** As {@link #reset}, once what is written was taken: the other side said it before it was reset. */
    void resetOnceTaken() {
        release();
        left = true;
        LateReset.of(channel, this::resetNow);
    }

    /** Nobody takes what was sent so far for all of it. */
    void reset() {
        release();
        resetNow();
    }

    private void resetNow() {
        if (!channel.isOpen()) {
            return;
        }
        // A UNIX socket that is closed with something unread resets by itself.
        boolean set = !(channel instanceof SocketChannel) || channel.config().setOption(ChannelOption.SO_LINGER, 0);
        assert set : "linger";
        channel.pipeline().firstContext().close().addListener(Closed.OBSERVED);
    }

    private void release() {
        inputOver = true;
        outputOver = true;
        while (!early.isEmpty()) {
            early.remove().release();
        }
    }
}
