package dev.postern.http.exchange;

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
    // As if nobody else had the processors: else a turn may last longer, and rightly.
    private final Turns turns = new Turns(loop, System::nanoTime);
    private final List<String> order = new ArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);

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
                turns.place(() -> worksLong("client", done), ended::countDown).waits();
            }
            // As events are: looked at once in each round of the loop.
            newcomer(done, 3);
        });

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(order).hasSize(6);
        assertThat(String.join(" ", order)).doesNotContain("client client");
    }

    /** On a machine that others keep busy: what passes meanwhile is no work of clients, who would be served one a turn. */
    @Test
    void waitForAProcessorIsNobodysShare() throws Exception {
        Turns idle = new Turns(loop, () -> 0);
        CountDownLatch done = new CountDownLatch(12);
        loop.execute(() -> {
            for (int i = 0; i < 6; i++) {
                idle.place(() -> worksLong("client", done), ended::countDown).waits();
            }
            newcomer(done, 6);
        });

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        // The turn that shows it is cut; in the next one everybody else is served.
        assertThat(String.join(" ", order)).contains("client client client client client");
    }

    @Test
    void bugOfOneEndsItAndLeavesTheOthersAlone() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            turns.place(
                            () -> {
                                throw new IllegalStateException("of one client");
                            },
                            ended::countDown)
                    .waits();
            turns.place(done::countDown, () -> {}).waits();
        });

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(ended.getCount()).isZero();
    }

    /** Whoever always has more to do than it gets done comes behind whoever comes now and then. */
    @Test
    void newcomerComesBeforeThoseWhoAlwaysWait() throws Exception {
        CountDownLatch done = new CountDownLatch(16);
        List<Turns.Place> greedy = new ArrayList<>();
        loop.execute(() -> {
            for (int i = 0; i < 4; i++) {
                int at = i;
                greedy.add(turns.place(() -> servedAgain(greedy, at, done), ended::countDown));
            }
            greedy.forEach(Turns.Place::waits);
        });

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        // The four of them wait again when it comes: it is served in the next turn, with one of them at most before it.
        assertThat(loop.submit(() -> order.indexOf("newcomer")).get()).isBetween(8, 9);
    }

    private void servedAgain(List<Turns.Place> greedy, int at, CountDownLatch done) {
        worksLong("greedy", done);
        if (order.size() <= 12) {
            greedy.get(at).waits();
        }
        if (order.size() == 8) {
            turns.place(() -> worksLong("newcomer", done), ended::countDown).waits();
        }
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
