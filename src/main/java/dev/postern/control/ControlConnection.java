package dev.postern.control;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.postern.config.PlainText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One client of the control socket. It sends one line, {@code {"command": …}}; it is sent any number of {@code
 * {"progress": "…"}} and at last {@code {"result": …}} or {@code {"error": "…", "exit": 69}}. A client that goes away, or
 * does not read, interrupts nothing.
 */
final class ControlConnection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlConnection.class);

    /** An import carries a key and a chain, some ten kilobytes. */
    static final int MAX_REQUEST = 64 * 1024;

    /** From connecting to the end of the request, and for each piece of the answer: a program is at the other end. */
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** What is written at once under one deadline. */
    private static final int PIECE = 64 * 1024;

    /** Commands that change nothing: monitoring asks for them every minute. */
    private static final Set<String> READING =
            Set.of("list", "plan", "explain", "account-show", "status", "connections", "top");

    /** What of a request is told beside its command. */
    private static final List<String> TOLD = List.of("site", "action", "server", "weight", "until");

    /** Characters of a request in the log: whoever may send one does not fill it. */
    private static final int LONGEST_TOLD = 500;

    private final SocketChannel client;
    private final ScheduledExecutorService timer;
    // Written and read under the monitor of this, as everything that is sent.
    private boolean gone;

    ControlConnection(SocketChannel client, ScheduledExecutorService timer) {
        this.client = client;
        this.timer = timer;
    }

    /** The request; null where there is none to be had: the client left, was too slow, or has been told what is wrong. */
    @Nullable JsonObject hear() {
        try {
            JsonObject request = request();
            if (request == null) {
                LOG.debug("a client of the control socket left, or was too slow, without a request");
            }
            return request;
        } catch (ControlFailure e) {
            answer(e);
            return null;
        }
    }

    /** Has it done, and answers. */
    void obey(ControlCommands commands, JsonObject request) {
        Level level = READING.contains(ControlRequest.text(request, "command", "")) ? Level.DEBUG : Level.INFO;
        LOG.atLevel(level).log("control: {}, for {}", describe(request), user());
        run(commands, request);
    }

    private void run(ControlCommands commands, JsonObject request) {
        try {
            RequestKeys.require(request);
            JsonObject result = commands.run(request, this::progress);
            JsonObject answer = new JsonObject();
            answer.add("result", result);
            send(answer);
        } catch (ControlFailure e) {
            answer(e);
        } catch (InterruptedException e) {
            answer(ControlFailure.unavailable("the daemon is stopping; what was begun goes on when it starts again"));
        } catch (RuntimeException e) {
            LOG.error("control: {}: a bug: {}", describe(request), e.toString(), e);
            answer(ControlFailure.bug("bug: " + e + "; the daemon's log shows where"));
        }
    }

    void refuse(ControlFailure failure) {
        answer(failure);
    }

    /** Never what it carries: an import carries a key. */
    static String describe(JsonObject request) {
        StringBuilder text = new StringBuilder(ControlRequest.text(request, "command", "?"));
        for (String key : TOLD) {
            String value = ControlRequest.text(request, key, "");
            if (!value.isEmpty()) {
                text.append(' ').append(value);
            }
        }
        ControlRequest.texts(request, "sites").forEach(name -> text.append(' ').append(name));
        String line = PlainText.line(text.toString());
        return line.length() <= LONGEST_TOLD ? line : line.substring(0, LONGEST_TOLD) + "…";
    }

    private String user() {
        try {
            return client.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
        } catch (IOException | UnsupportedOperationException e) {
            return "a user unknown";
        }
    }

    /** Null where the client left or the deadline passed before the end of the line. */
    private @Nullable JsonObject request() throws ControlFailure {
        ByteBuffer bytes = ByteBuffer.allocate(MAX_REQUEST);
        ScheduledFuture<?> deadline = closeLater();
        try {
            int end = -1;
            while (end < 0) {
                int from = bytes.position();
                if (!bytes.hasRemaining()) {
                    throw ControlFailure.usage("the request is longer than " + MAX_REQUEST + " bytes");
                }
                if (client.read(bytes) < 0) {
                    return null;
                }
                end = newline(bytes, from);
            }
            return JsonParser.parseString(new String(bytes.array(), 0, end, StandardCharsets.UTF_8))
                    .getAsJsonObject();
        } catch (IOException e) {
            return null;
        } catch (JsonParseException | IllegalStateException e) {
            throw ControlFailure.usage("the request is not a JSON object on one line");
        } finally {
            cancel(deadline);
        }
    }

    private static int newline(ByteBuffer bytes, int from) {
        for (int i = from; i < bytes.position(); i++) {
            if (bytes.get(i) == '\n') {
                return i;
            }
        }
        return -1;
    }

    private void progress(String line) {
        JsonObject json = new JsonObject();
        json.addProperty("progress", line);
        send(json);
    }

    private void answer(ControlFailure failure) {
        JsonObject json = new JsonObject();
        json.addProperty("error", failure.getMessage());
        json.addProperty("exit", failure.exitCode());
        send(json);
    }

    private synchronized void send(JsonObject line) {
        if (gone) {
            return;
        }
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                ByteBuffer piece = bytes.slice(bytes.position(), Math.min(PIECE, bytes.remaining()));
                ScheduledFuture<?> deadline = closeLater();
                try {
                    bytes.position(bytes.position() + client.write(piece));
                } finally {
                    cancel(deadline);
                }
            }
        } catch (IOException e) {
            gone = true;
            LOG.debug("a client of the control socket left before its answer", e);
        }
    }

    private @Nullable ScheduledFuture<?> closeLater() {
        try {
            return timer.schedule(this::close, DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (RejectedExecutionException stopping) {
            return null;
        }
    }

    private static void cancel(@Nullable ScheduledFuture<?> deadline) {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    @Override
    public void close() {
        try {
            client.close();
        } catch (IOException e) {
            LOG.debug("closing a client of the control socket", e);
        }
    }
}
