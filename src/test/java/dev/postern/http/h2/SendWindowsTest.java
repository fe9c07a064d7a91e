package dev.postern.http.h2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.http.message.HeadWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No more is sent than the other end takes, of each stream and of all; nothing of what waits is lost, late or out of order. */
class SendWindowsTest {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int FRAME = 16 * 1024;
    private static final int WINDOW = 65_535;

    private final EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final DefaultHttp2Connection connection = new DefaultHttp2Connection(true);
    private final GatheredFrames frames = new GatheredFrames(new HpackWriter(new HeadWriter()));
    private final SendWindows windows = new SendWindows(connection, frames);
    private final List<String> told = new ArrayList<>();

    @BeforeEach
    void open() {
        connection.remote().flowController(windows);
        windows.channelHandlerContext(channel.pipeline().firstContext());
        windows.leadTo(stream -> told.add("sent " + stream.id()));
    }

    @AfterEach
    void close() {
        frames.close();
        channel.finishAndReleaseAll();
    }

    private record Frame(int type, int stream, int length, boolean last) {}

    private SendWindow stream(int id) throws Http2Exception {
        Http2Stream stream = connection.remote().createStream(id, true);
        SendWindow mine = Objects.requireNonNull(windows.of(stream));
        mine.sender(new SendWindow.Sender() {
            @Override
            public void becameWritable() {
                told.add("writable " + id);
            }

            @Override
            public void sentAll() {
                told.add("all of " + id);
            }

            @Override
            public void notSent(Throwable why) {
                told.add("not all of " + id);
            }
        });
        return mine;
    }

    private static ByteBuf part(int length) {
        return Unpooled.buffer(length).writeZero(length);
    }

    private List<Frame> sent() {
        windows.writePendingBytes();
        frames.handOn(channel.pipeline().firstContext());
        channel.flush();
        List<Frame> sent = new ArrayList<>();
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
            all.writeBytes(next);
            next.release();
        }
        while (all.isReadable()) {
            int length = all.readUnsignedMedium();
            byte type = all.readByte();
            boolean last = (all.readByte() & 1) != 0;
            sent.add(new Frame(type, all.readInt(), length, last));
            all.skipBytes(length);
        }
        return sent;
    }

    private void opens(int id, int bytes) throws Http2Exception {
        Http2Stream stream = Objects.requireNonNull(id == 0 ? connection.connectionStream() : connection.stream(id));
        windows.incrementWindowSize(stream, bytes);
    }

    @Test
    void whatTheOtherEndTakesGoesOutWithItsEnd() throws Exception {
        SendWindow one = stream(1);
        windows.body(one, part(10));
        windows.bodyEnd(one, part(5000));

        assertThat(sent()).containsExactly(new Frame(DATA, 1, 10, false), new Frame(DATA, 1, 5000, true));
        assertThat(told).containsExactly("sent 1", "all of 1");
    }

    @Test
    void whatItDoesNotTakeWaitsAndTheEndBehindIt() throws Exception {
        windows.initialWindowSize(100);
        SendWindow one = stream(1);
        windows.body(one, part(250));
        windows.bodyEnd(one, part(50));
        assertThat(sent()).containsExactly(new Frame(DATA, 1, 100, false));
        assertThat(one.waiting()).isEqualTo(200);

        opens(1, 180);
        assertThat(sent()).containsExactly(new Frame(DATA, 1, 150, false), new Frame(DATA, 1, 30, false));
        opens(1, 180);
        assertThat(sent()).containsExactly(new Frame(DATA, 1, 20, true));
    }

    @Test
    void endAloneNeedsNoWindow() throws Exception {
        windows.initialWindowSize(0);
        SendWindow one = stream(1);
        windows.bodyEnd(one, Unpooled.EMPTY_BUFFER);

        assertThat(sent()).containsExactly(new Frame(DATA, 1, 0, true));
    }

    @Test
    void trailersComeBehindAllOfTheBody() throws Exception {
        windows.initialWindowSize(10);
        SendWindow one = stream(1);
        windows.body(one, part(20));
        windows.trailers(one, new byte[] {0, 1, 'a', 1, 'b'});
        assertThat(sent()).containsExactly(new Frame(DATA, 1, 10, false));

        opens(1, 10);

        assertThat(sent()).containsExactly(new Frame(DATA, 1, 10, false), new Frame(HEADERS, 1, 5, true));
    }

    @Test
    void streamsTakeTurnsAFrameEachInTheWindowOfTheConnection() throws Exception {
        windows.initialWindowSize(1 << 20);
        SendWindow one = stream(1);
        SendWindow two = stream(3);
        windows.body(one, part(100_000));
        windows.body(two, part(100_000));

        assertThat(sent())
                .containsExactly(
                        new Frame(DATA, 1, FRAME, false),
                        new Frame(DATA, 3, FRAME, false),
                        new Frame(DATA, 1, FRAME, false),
                        new Frame(DATA, 3, WINDOW - 3 * FRAME, false));
        opens(0, 2 * FRAME);
        assertThat(sent()).containsExactly(new Frame(DATA, 1, FRAME, false), new Frame(DATA, 3, FRAME, false));
    }

    @Test
    void senderThatWasToldToStopIsToldOnceItMayGoOn() throws Exception {
        windows.initialWindowSize(10);
        SendWindow one = stream(1);
        assertThat(windows.isWritable(one)).isTrue();
        windows.body(one, part(30));
        assertThat(windows.isWritable(one)).isFalse();
        sent();

        opens(1, 20);
        assertThat(told).isEmpty();
        sent();
        assertThat(told).isEmpty();
        opens(1, 1);
        assertThat(told).containsExactly("writable 1");
        opens(1, 1);
        assertThat(told).hasSize(1);
    }

    /** Nothing else would ever tell it: the client has had all that was sent. */
    @Test
    void senderThatWasToldToStopForAnotherStreamIsToldOnceThatIsOver() throws Exception {
        windows.initialWindowSize(1 << 20);
        SendWindow slow = stream(1);
        SendWindow other = stream(3);
        windows.body(slow, part(WINDOW + 1));
        windows.body(slow, part(WINDOW + 1));
        sent();
        assertThat(windows.isWritable(other)).isFalse();
        opens(0, 1000);
        assertThat(told).isEmpty();

        Objects.requireNonNull(connection.stream(1)).close();
        channel.runPendingTasks();

        assertThat(told).containsExactly("writable 3");
    }

    /** RFC 9113 §6.9.2: it may become negative, and then nothing is sent until it is not. */
    @Test
    void windowsThatAreOpenChangeWithTheSetting() throws Exception {
        SendWindow one = stream(1);
        windows.body(one, part(1000));
        sent();
        windows.initialWindowSize(400);
        assertThat(one.size()).isEqualTo(-600);
        windows.body(one, part(10));
        assertThat(sent()).isEmpty();

        windows.initialWindowSize(1005);
        assertThat(sent()).containsExactly(new Frame(DATA, 1, 5, false));
    }

    /** RFC 9113 §6.9.1. */
    @Test
    void windowOverTheLargestNumberIsAnErrorOfItsStreamOrOfTheConnection() throws Exception {
        stream(1);
        assertThatThrownBy(() -> opens(1, Integer.MAX_VALUE))
                .isInstanceOf(Http2Exception.StreamException.class)
                .hasMessageContaining("2^31-1");
        assertThatThrownBy(() -> opens(0, Integer.MAX_VALUE))
                .isInstanceOf(Http2Exception.class)
                .isNotInstanceOf(Http2Exception.StreamException.class);
        opens(1, 1);
        assertThatThrownBy(() -> windows.initialWindowSize(Integer.MAX_VALUE))
                .isInstanceOf(Http2Exception.class)
                .isNotInstanceOf(Http2Exception.StreamException.class);
    }

    @Test
    void whatWaitsGoesWithItsStream() throws Exception {
        windows.initialWindowSize(1 << 20);
        SendWindow one = stream(1);
        SendWindow two = stream(3);
        ByteBuf lost = part(100_000);
        windows.body(one, lost);
        windows.body(two, part(100_000));

        Objects.requireNonNull(connection.stream(1)).close();

        assertThat(lost.refCnt()).isZero();
        assertThat(windows.body(one, part(10))).isFalse();
        assertThat(sent()).extracting(Frame::stream).containsOnly(3);
    }
}
