package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.listener.DescriptorInbox;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whom everything is handed to, and what becomes of the store until he serves. */
class SuccessionTest {
    private static final Duration AGES = Duration.ofDays(1);

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private Succession succession = succession(AGES);

    private static Succession succession(Duration patience) {
        return new Succession((request, progress) -> new JsonObject(), pid -> {}, patience);
    }

    /** Whose end nobody could be told of: nothing would ever be renewed again. */
    @Test
    void nobodyReplacesItself() {
        long own = ProcessHandle.current().pid();

        assertThatThrownBy(() -> run("replace", own, ""))
                .isInstanceOf(ControlFailure.class)
                .hasMessage("process: " + own + " is this one (expected: the one that replaces it)");
    }

    // What opens the store here keeps the other one from starting; and there is nothing to take back then, for ever.
    @Test
    void nothingIsReloadedWhileAnotherProcessMayHaveTheStore() throws Exception {
        Edge running = start("");
        Process other = sleeper();
        handOver(other);

        assertThatThrownBy(() -> edge.reload(configuration("grace: 7s\n")))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("another process is about to replace this one");

        other.destroyForcibly().waitFor();
        await().untilAsserted(() ->
                assertThat(edge.reload(configuration("grace: 7s\n")).lines()).isNotEmpty());
        assertThat(running.operations().order("own.internal", false)).isNotNull();
        // And whoever comes next is heard.
        handOver(sleeper());
    }

    // It may be any number that somebody has sent.
    @Test
    void storeThatNobodyOpensIsOursAgainThoughTheOtherProcessLives() throws Exception {
        succession = succession(Duration.ofMillis(1));
        Edge running = start("");
        Process other = sleeper();
        try (CapturedLog log = CapturedLog.begin()) {
            handOver(other);

            await().untilAsserted(() -> assertThat(
                            log.lines("process " + other.pid() + " has not opened the certificate store"))
                    .hasSize(1));
        }
        assertThat(running.operations().order("own.internal", false)).isNotNull();
        // Another one may replace us; and so may this one, until then.
        assertThat(run("replaced", other.pid(), "").has("process")).isTrue();
    }

    @Test
    void storeThatIsNotOursAnyMoreIsNotTakenBackAtTheEnd() throws Exception {
        Edge running = start("");
        Process other = sleeper();
        handOver(other);
        edge.stop();

        assertThat(running.takeBack(true)).isFalse();
    }

    private Edge start(String more) throws Exception {
        assumeTrue(Epoll.isAvailable(), "descriptors need Netty's epoll transport");
        Edge running = edge.start(configuration(more));
        // Its first certificate is written.
        await().until(() -> running.certificates().get(0).notAfter() != null);
        succession.start(running);
        return running;
    }

    private String configuration(String more) {
        return """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - { names: [own.internal], backend: web }
                acme: { issuers: [internal], store: "%s" }
                backends: { web: { servers: ["127.0.0.1:9"] } }
                """.formatted(edge.directory().resolve("store")) + more;
    }

    /** A process that does nothing. */
    private Process sleeper() throws IOException {
        Process process = new ProcessBuilder("sleep", "600").start();
        edge.closes(process::destroyForcibly);
        return process;
    }

    private void handOver(Process to) throws Exception {
        try (DescriptorInbox inbox = DescriptorInbox.open(new SecureRandom())) {
            JsonObject estate = run("replace", to.pid(), inbox.name());
            DescriptorInbox.close(inbox.take(Inheritance.sockets(estate)));
        }
    }

    private JsonObject run(String command, long process, String inbox) throws ControlFailure, InterruptedException {
        return succession.run(
                ControlRequest.of(command)
                        .with("process", Long.toString(process))
                        .with("inbox", inbox)
                        .json(),
                line -> {});
    }
}
