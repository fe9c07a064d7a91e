package dev.postern.admin;

import com.google.gson.JsonObject;
import dev.postern.config.PlainText;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.http.step.ServePages.Wanted;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the buttons of the status page do: the same commands that the control socket takes. They may take minutes, so that
 * nobody waits for them; what came of the last one is on the page. Any thread.
 */
final class OperatorActions {
    private static final Logger LOG = LoggerFactory.getLogger(OperatorActions.class);

    private static final Set<String> OF_SERVERS = Set.of("drain", "ready", "maintain");

    /**
     * What became of an action.
     *
     * @param done null while it goes on; else whether it is
     */
    record Outcome(
            Instant at,
            String operator,
            String what,
            @Nullable Boolean done,
            String words) {}

    private final Executor executor;
    private final InstantSource clock;
    // Set once there is anything to command; read by any thread.
    private volatile ControlCommands commands = (request, progress) -> {
        throw ControlFailure.unavailable("starting; try again in a moment");
    };
    // Replaced by each action; read by whoever makes a page.
    private volatile @Nullable Outcome last;

    /** @param executor whose threads may be busy for long */
    OperatorActions(Executor executor, InstantSource clock) {
        this.executor = executor;
        this.clock = clock;
    }

    void follow(ControlCommands next) {
        commands = next;
    }

    @Nullable Outcome last() {
        return last;
    }

    /** Begins what is asked for; false where it is nothing. Returns at once. */
    boolean begin(Wanted wanted) {
        Query query = Query.of(wanted.query());
        ControlRequest request = switch (wanted.path()) {
            case "/do/server" ->
                OF_SERVERS.contains(query.text("action"))
                        ? ControlRequest.of("server")
                                .with("action", query.text("action"))
                                .with("server", query.text("server"))
                        : null;
            case "/do/renew" -> ControlRequest.of("renew").with("site", query.text("site"));
            case "/do/reload" -> ControlRequest.of("reload");
            default -> null;
        };
        if (request == null
                || (wanted.path().equals("/do/renew") && query.text("site").isEmpty())) {
            return false;
        }
        String who = String.valueOf(wanted.operator());
        String what = what(wanted.path(), query);
        LOG.info("admin: {}, for {}", PlainText.line(what), PlainText.line(who));
        Outcome begun = new Outcome(clock.instant(), who, what, null, "has begun");
        last = begun;
        try {
            executor.execute(() -> run(begun, request.json()));
        } catch (RejectedExecutionException e) {
            last = outcome(begun, false, "the daemon is stopping");
        }
        return true;
    }

    private static String what(String path, Query query) {
        return switch (path) {
            case "/do/server" -> query.text("action") + " " + query.text("server");
            case "/do/renew" -> "renew " + query.text("site");
            default -> "reload";
        };
    }

    private void run(Outcome begun, JsonObject request) {
        try {
            JsonObject result = commands.run(request, line -> LOG.debug("admin: {}", line));
            last = outcome(begun, true, words(result));
        } catch (ControlFailure e) {
            last = outcome(begun, false, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            last = outcome(begun, false, "the daemon is stopping");
        } catch (RuntimeException e) {
            LOG.error("admin: {}: a bug", begun.what, e);
            last = outcome(begun, false, "bug: " + e);
        }
    }

    private Outcome outcome(Outcome begun, boolean done, String words) {
        return new Outcome(clock.instant(), begun.operator, begun.what, done, words);
    }

    private static String words(JsonObject result) {
        if (result.has("warning")) {
            return "done; " + result.get("warning").getAsString();
        }
        if (result.has("changes")) {
            return result.getAsJsonArray("changes").isEmpty()
                    ? "nothing changed"
                    : result.getAsJsonArray("changes").size() + " changed";
        }
        return "done";
    }
}
