package dev.postern.app;

import com.google.gson.JsonObject;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What a test may ask of an edge, and of its event loops. */
public final class EdgeLoops {
    private static final long PATIENCE_SECONDS = 60;

    private EdgeLoops() {}

    /**
     * Returns once every event loop has done what there was to do: what had come in over its sockets, and what was due. A
     * loop looks at its sockets before its tasks, and may have been among those already: so it is asked twice.
     */
    public static void settle(Edge edge) throws InterruptedException {
        for (int i = 0; i < 2; i++) {
            List<LoopWatch.Watched> loops = edge.watched().stream()
                    .filter(WatchedLoop.class::isInstance)
                    .toList();
            CountDownLatch asked = new CountDownLatch(loops.size());
            loops.forEach(loop -> loop.ask(asked::countDown));
            if (!asked.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("an event loop does not answer");
            }
        }
    }

    /** What a command without anything else is answered. */
    public static JsonObject asked(Edge edge, String command) throws ControlFailure, InterruptedException {
        return edge.commands().run(ControlRequest.of(command).json(), line -> {});
    }
}
