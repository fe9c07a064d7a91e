package dev.postern.http.h2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Windows that grow take from what all connections share, and give back to it, also while their streams last. */
class ReceiveWindowsTest {
    private static final int FIRST = Http2Limits.STREAM_WINDOW;
    private static final int LARGEST = 4 * 1024 * 1024;
    private static final long MAX = 64L << 20;

    private final WindowBudget budget = new WindowBudget(MAX);
    private final EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final List<Connection> connections = new ArrayList<>();

    /** One to us, with as many streams as it likes. */
    private final class Connection {
        private final DefaultHttp2Connection http2 = new DefaultHttp2Connection(true);
        private final DefaultHttp2LocalFlowController flow =
                new DefaultHttp2LocalFlowController(http2, 0.5f, true).frameWriter(new DefaultHttp2FrameWriter());
        private final ReceiveWindows windows = new ReceiveWindows(flow, budget, channel::flush, Ticker.systemTicker());
        private int last = -1;

        Connection() throws Http2Exception {
            ChannelHandlerContext ctx = channel.pipeline().firstContext();
            http2.local().flowController(flow);
            flow.channelHandlerContext(ctx);
            flow.initialWindowSize(FIRST);
            flow.incrementWindowSize(http2.connectionStream(), Http2Limits.CONNECTION_WINDOW - FIRST);
            connections.add(this);
        }

        Sender stream() throws Http2Exception {
            last += 2;
            return new Sender(this, http2.remote().createStream(last, false));
        }
    }

    /** The other end of one stream: sends what its window lets it. */
    private final class Sender {
        private final Connection connection;
        private final Http2Stream stream;
        private final ReceiveWindow window;

        Sender(Connection connection, Http2Stream stream) {
            this.connection = connection;
            this.stream = stream;
            this.window = new ReceiveWindow(
                    connection.windows, stream, Ticker.systemTicker().nanoTime());
        }

        int mayCome() {
            return connection.flow.windowSize(stream);
        }

        /** Bytes, taken at once unless what comes is held back. */
        Sender sends(int bytes) throws Http2Exception {
            for (int left = bytes; left > 0; ) {
                int part = Math.min(16 * 1024, Math.min(left, mayCome()));
                assertThat(part).as("window").isPositive();
                connection.flow.receiveFlowControlledFrame(stream, Unpooled.wrappedBuffer(new byte[part]), 0, false);
                free(window.came(part));
                left -= part;
            }
            return this;
        }

        void free(int bytes) throws Http2Exception {
            if (bytes > 0) {
                boolean unused = connection.flow.consumeBytes(stream, bytes);
            }
            channel.releaseOutbound();
        }

        Sender grows() throws Http2Exception {
            return sends(4 * LARGEST);
        }

        void ends() {
            stream.close();
            window.close();
        }
    }

    @BeforeEach
    void nothingIsGranted() {
        assertThat(budget.granted()).isZero();
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void manyThatGrowGetNoMoreThanThereIs() throws Exception {
        List<Sender> senders = many();
        // Something is left for whoever comes next.
        Sender next = new Connection().stream().grows();
        assertThat(next.mayCome()).isGreaterThan(FIRST);

        senders.forEach(Sender::ends);
        next.ends();
        assertThat(budget.granted()).isZero();
    }

    @Test
    void whatStreamsThatEndGiveBackIsHadByOthers() throws Exception {
        List<Sender> senders = many();
        Sender late = new Connection().stream().grows();
        assertThat(late.mayCome()).isLessThan(LARGEST / 4);

        senders.forEach(Sender::ends);
        late.grows();

        assertThat(late.mayCome()).isGreaterThan(LARGEST / 2);
    }

    /** As many as would have more than there is. */
    private List<Sender> many() throws Exception {
        List<Sender> senders = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            senders.add(new Connection().stream().grows());
            assertThat(budget.granted()).isBetween((long) FIRST, MAX);
        }
        return senders;
    }

    @Test
    void windowShrinksWhileItsStreamLastsOnceLittleIsLeft() throws Exception {
        Sender sender = new Connection().stream().grows();
        assertThat(budget.granted()).isEqualTo(LARGEST - FIRST);
        long rest = MAX - budget.granted();
        others(rest);

        sender.grows();

        assertThat(sender.mayCome()).isLessThan(LARGEST / 4);
        assertThat(budget.granted()).isLessThan(MAX - LARGEST / 2);

        budget.giveBack(rest);
        sender.grows();
        assertThat(sender.mayCome()).isGreaterThan(LARGEST / 2);
        sender.ends();
        assertThat(budget.granted()).isZero();
    }

    /** What is here, and what may still come, counts for as long as nobody has taken it. */
    @Test
    void whatIsHeldBackCountsUntilItIsTaken() throws Exception {
        Sender sender = new Connection().stream().grows();
        long rest = MAX - budget.granted();
        others(rest);
        sender.window.pause();
        sender.sends(sender.mayCome());
        assertThat(sender.mayCome()).isZero();
        assertThat(budget.granted()).isEqualTo(rest + LARGEST - FIRST);

        sender.free(sender.window.resume());

        // Half of it went without being asked for anew; the rest goes with what comes next.
        assertThat(budget.granted()).isEqualTo(rest + LARGEST / 2 - FIRST);
        assertThat(sender.mayCome()).isEqualTo(LARGEST / 2);
        sender.ends();
        assertThat(budget.granted()).isEqualTo(rest);
    }

    @Test
    void streamThatEndsWhileItShrinksGivesBackAll() throws Exception {
        Sender sender = new Connection().stream().grows();
        long rest = MAX - budget.granted();
        others(rest);

        sender.sends(16 * 1024).ends();

        assertThat(budget.granted()).isEqualTo(rest);
    }

    /** Whoever has most comes down first. */
    @Test
    void whoHasLittleKeepsIt() throws Exception {
        Sender small = new Connection().stream().sends(FIRST);
        Sender large = new Connection().stream().grows();
        assertThat(budget.granted()).isEqualTo(FIRST + LARGEST - FIRST);
        others(MAX - budget.granted() - LARGEST);

        small.sends(FIRST);
        large.grows();

        assertThat(small.mayCome()).isGreaterThan(FIRST);
        assertThat(large.mayCome()).isLessThan(LARGEST / 2);
    }

    /** Others take so much, whatever their part. */
    private void others(long bytes) {
        assertThat(budget.take(-MAX, (int) bytes)).isTrue();
    }
}
