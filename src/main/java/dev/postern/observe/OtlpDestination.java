package dev.postern.observe;

import dev.postern.config.SecretFile;
import dev.postern.config.Tracing;
import dev.postern.machine.HostName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A collector of OpenTelemetry: each batch of lines, which are spans in JSON, becomes one request of <a
 * href="https://opentelemetry.io/docs/specs/otlp/#otlphttp">OTLP over HTTP</a>. What it does not take is lost, and counted; one
 * that does not answer is not asked again at once.
 */
final class OtlpDestination implements LogDestination {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Duration AGAIN = Duration.ofSeconds(1);
    private static final byte[] END = "]}]}]}".getBytes(StandardCharsets.US_ASCII);

    private final Tracing config;
    private final InstantSource clock;
    private final byte[] begin;
    private @Nullable HttpClient client;
    private Instant failedAt = Instant.EPOCH;
    private boolean taken;

    OtlpDestination(Tracing config, InstantSource clock) {
        this.config = config;
        this.clock = clock;
        LineBuffer line = new LineBuffer();
        line.ascii("{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
        attribute(line, "service.name", config.service());
        line.ascii(',');
        attribute(line, "host.name", HostName.or("localhost"));
        line.ascii(",{\"key\":\"process.pid\",\"value\":{\"intValue\":\"")
                .number(ProcessHandle.current().pid())
                .ascii("\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"dev.postern\"},\"spans\":[");
        this.begin = Arrays.copyOf(line.bytes(), line.length());
    }

    private static void attribute(LineBuffer line, String key, String value) {
        line.ascii("{\"key\":\"").ascii(key).ascii("\",\"value\":{\"stringValue\":");
        line.json(value, JsonFormat.LONGEST).ascii("}}");
    }

    @Override
    public void write(byte[] bytes, int length) throws IOException {
        taken = false;
        Instant now = clock.instant();
        if (failedAt.plus(AGAIN).isAfter(now) && !failedAt.isAfter(now)) {
            throw new IOException("the collector was not reached a moment ago");
        }
        try {
            post(body(bytes, length));
            taken = true;
        } catch (IOException e) {
            failedAt = now;
            // That of a connection refused has no message.
            throw e.getMessage() == null ? new IOException(e.toString(), e) : e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Lines, with commas between them. */
    private byte[] body(byte[] bytes, int length) {
        ByteArrayOutputStream body = new ByteArrayOutputStream(begin.length + length + END.length);
        body.write(begin, 0, begin.length);
        for (int i = 0; i < length; i++) {
            if (bytes[i] != '\n') {
                body.write(bytes[i]);
            } else if (i < length - 1) {
                body.write(',');
            }
        }
        body.write(END, 0, END.length);
        return body.toByteArray();
    }

    private void post(byte[] body) throws IOException, InterruptedException {
        HttpClient open = client;
        if (open == null) {
            open = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(TIMEOUT)
                    .build();
            client = open;
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(config.to()))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .header("User-Agent", "postern")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        if (config.tokenFile() != null) {
            request.header("Authorization", "Bearer " + SecretFile.password(config.tokenFile()));
        }
        int status = open.send(request.build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
        if (status < 200 || status > 299) {
            throw new IOException("the collector answered " + status);
        }
    }

    @Override
    public int linesNotWritten(byte[] bytes, int length) {
        int lines = 0;
        for (int i = 0; i < length && !taken; i++) {
            if (bytes[i] == '\n') {
                lines++;
            }
        }
        return lines;
    }

    @Override
    public void reopen() {}

    @Override
    public void close() {}

    @Override
    public String toString() {
        return config.to();
    }
}
