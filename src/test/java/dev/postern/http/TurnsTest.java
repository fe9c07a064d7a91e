package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What clients have a loop do is cut into turns, and between them the loop looks at everything else. */
class TurnsTest {
    /** Longer than a turn. */
    private static final long LONG_NANOS = TimeUnit.MILLISECONDS.toNanos(3);

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final Turns turns = new Turns(loop);
    private final List<String> order = new ArrayList<>();

    @AfterEach
    void end() throws InterruptedException {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }

    @Test
    void isOverWhenItHasLastedLongEnough() throws Exception {
        List<Boolean> over = loop.submit(() -> {
                    boolean atFirst = turns.isOver();
                    busy();
                    return List.of(atFirst, turns.isOver());
                })
                .get();

        assertThat(over).containsExactly(false, true);
    }

    @Test
    void anotherBeginsWithTheNextLookForEvents() throws Exception {
        assertThat(loop.submit(() -> {
                            boolean unused = turns.isOver();
                            busy();
                            return turns.isOver();
                        })
                        .get())
                .isTrue();

        // A task of its own, behind the one that ended the turn.
        assertThat(loop.submit(turns::isOver).get()).isFalse();
    }

    @Test
    void whatIsDueComesBetweenTheShares() throws Exception {
        CountDownLatch done = new CountDownLatch(6);
        loop.execute(() -> {
            for (int i = 0; i < 3; i++) {
                turns.next(() -> worksLong("client", done));
            }
            // As events are: looked at once in each round of the loop.
            newcomer(done, 3);
        });

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(order).hasSize(6);
        assertThat(String.join(" ", order)).doesNotContain("client client");
    }

    @Test
    void bugOfOneLeavesTheOthersAlone() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            turns.next(() -> {
                throw new IllegalStateException("of one client");
            });
            turns.next(done::countDown);
        });

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    }

    private void newcomer(CountDownLatch done, int times) {
        if (times > 0) {
            var unused = loop.schedule(
                    () -> {
                        order.add("newcomer");
                        done.countDown();
                        newcomer(done, times - 1);
                    },
                    1,
                    TimeUnit.NANOSECONDS);
        }
    }

    private void worksLong(String who, CountDownLatch done) {
        order.add(who);
        busy();
        done.countDown();
    }

    private static void busy() {
        long end = System.nanoTime() + LONG_NANOS;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }
}
