package dev.postern.control;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** A connection to the daemon's {@link ControlSocket}; for one request. Blocking. */
public final class ControlClient implements ControlCommands, AutoCloseable {
    private final Path file;
    private final Path configuration;
    private final SocketChannel channel;

    private ControlClient(Path file, Path configuration, SocketChannel channel) {
        this.file = file;
        this.configuration = configuration;
        this.channel = channel;
    }

    /**
     * Empty where no daemon listens: there is no socket, or one that a dead daemon left behind.
     *
     * @param configuration the file of the daemon that is meant, absolute; another one refuses
     * @throws ControlFailure where there may be one that cannot be asked
     */
    public static Optional<ControlClient> connect(Path file, Path configuration) throws ControlFailure {
        if (Files.notExists(file)) {
            return Optional.empty();
        }
        try {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(file));
                return Optional.of(new ControlClient(file, configuration, channel));
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (SocketException e) {
            String reason = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
            if (reason.contains("refused") || reason.contains("no such file") || reason.contains("too long")) {
                return Optional.empty();
            }
            throw ControlFailure.unavailable(file + ": the daemon cannot be asked: " + reason
                    + " (expected: the user that it runs as, or root)");
        } catch (IOException e) {
            throw ControlFailure.unavailable(file + ": the daemon cannot be asked: " + e.getMessage());
        }
    }

    @Override
    public JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure {
        try {
            JsonObject addressed = request.deepCopy();
            addressed.addProperty(OneFile.KEY, configuration.toString());
            send(addressed);
            return answer(progress);
        } catch (JsonParseException | IllegalStateException | NullPointerException e) {
            throw ControlFailure.unavailable(file + ": the daemon's answer is not understood: " + e.getMessage()
                    + "; is it of another version?");
        } catch (IOException e) {
            throw ended();
        }
    }

    private void send(JsonObject request) {
        ByteBuffer line = ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            while (line.hasRemaining()) {
                channel.write(line);
            }
        } catch (IOException refused) {
            // It does not want to hear us to the end: its answer, which is on its way, says why.
        }
    }

    private JsonObject answer(Consumer<String> progress) throws IOException, ControlFailure {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonObject json = JsonParser.parseString(line).getAsJsonObject();
            JsonElement result = json.get("result");
            if (result != null) {
                return result.getAsJsonObject();
            }
            if (json.has("error")) {
                throw new ControlFailure(
                        json.get("exit").getAsInt(), json.get("error").getAsString());
            }
            progress.accept(ControlRequest.text(json, "progress", ""));
        }
        throw ended();
    }

    private ControlFailure ended() {
        return ControlFailure.unavailable(file + ": the daemon ended before it answered; what it had begun at a CA goes"
                + " on when it starts again");
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException(file + ": closing", e);
        }
    }
}
