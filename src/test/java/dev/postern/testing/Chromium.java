package dev.postern.testing;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A real browser with one page, and a hand in it: expressions are evaluated there, by Chromium's own <a
 * href="https://chromedevtools.github.io/devtools-protocol/">protocol</a>. It believes every certificate. One thread.
 */
public final class Chromium implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Process process;
    private final HttpClient client;
    private final Answers answers = new Answers();
    private final WebSocket socket;
    private int asked;

    private Chromium(Process process, Path directory) throws Exception {
        this.process = process;
        this.client = HttpClient.newBuilder().build();
        Path port = directory.resolve("DevToolsActivePort");
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> Files.exists(port) && !Files.readAllLines(port).isEmpty());
        String door = "http://127.0.0.1:" + Files.readAllLines(port).get(0) + "/json/list";
        String page = Awaitility.await().atMost(PATIENCE).until(() -> page(door), url -> !url.isEmpty());
        this.socket = client.newWebSocketBuilder()
                .buildAsync(URI.create(page), answers)
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** @param directory where it keeps what it needs; made */
    public static Chromium open(Path directory, String url, String... options) throws Exception {
        Files.createDirectories(directory);
        List<String> command = new ArrayList<>(List.of(
                RealPrograms.require("chromium", "chromium").toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--ignore-certificate-errors",
                "--remote-debugging-port=0",
                "--user-data-dir=" + directory));
        command.addAll(List.of(options));
        command.add(url);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("chromium.log").toFile())
                .start();
        try {
            return new Chromium(process, directory);
        } catch (Exception e) {
            end(process);
            throw e;
        }
    }

    private String page(String door) throws IOException, InterruptedException {
        HttpResponse<String> all =
                client.send(HttpRequest.newBuilder(URI.create(door)).build(), HttpResponse.BodyHandlers.ofString());
        for (JsonElement one : JsonParser.parseString(all.body()).getAsJsonArray()) {
            JsonObject target = one.getAsJsonObject();
            if (target.get("type").getAsString().equals("page")) {
                return target.get("webSocketDebuggerUrl").getAsString();
            }
        }
        return "";
    }

    /** The value of an expression of JavaScript, as text; of a promise what it comes to. */
    public String value(String expression) {
        JsonObject parameters = new JsonObject();
        parameters.addProperty("expression", "Promise.resolve(" + expression + ").then(String)");
        parameters.addProperty("awaitPromise", true);
        JsonObject result = ask("Runtime.evaluate", parameters);
        if (result.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result);
        }
        return result.getAsJsonObject("result").get("value").getAsString();
    }

    /** A picture of the page, PNG in Base64. */
    public String picture() {
        return ask("Page.captureScreenshot", new JsonObject()).get("data").getAsString();
    }

    private JsonObject ask(String method, JsonObject parameters) {
        JsonObject request = new JsonObject();
        int id = ++asked;
        request.addProperty("id", id);
        request.addProperty("method", method);
        request.add("params", parameters);
        socket.sendText(request.toString(), true).join();
        try {
            while (true) {
                String answer = answers.whole.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                if (answer == null) {
                    throw new AssertionError(method + ": no answer of the browser");
                }
                JsonObject json = JsonParser.parseString(answer).getAsJsonObject();
                // Anything else is news that nobody asked for.
                if (json.has("id") && json.get("id").getAsInt() == id) {
                    if (!json.has("result")) {
                        throw new AssertionError(method + ": " + json);
                    }
                    return json.getAsJsonObject("result");
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Answers implements WebSocket.Listener {
        final BlockingQueue<String> whole = new LinkedBlockingQueue<>();
        private final StringBuilder part = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
            part.append(text);
            if (last) {
                whole.add(part.toString());
                part.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
        socket.abort();
        end(process);
    }
}
