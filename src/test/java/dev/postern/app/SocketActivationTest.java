package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postern.testing.FreePorts;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sockets that systemd holds: a small program stands for it, which does what it does, sd_listen_fds(3). */
@Tag("long")
class SocketActivationTest {
    /** Listens, and runs the rest of its command line whenever that ends, for as long as there is the file {@code go-on}. */
    private static final String HOLDER = """
            import os, socket, sys
            port, name, blocking, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "blocking", sys.argv[4]
            held = socket.create_server(("127.0.0.1", port), backlog=512)
            held.setblocking(blocking)
            while True:
                pid = os.fork()
                if pid == 0:
                    os.dup2(held.fileno(), 3)
                    os.set_inheritable(3, True)
                    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=name)
                    os.execv(sys.argv[5], sys.argv[5:])
                with open(folder + "/running", "w") as running:
                    running.write(str(pid))
                status = os.waitpid(pid, 0)[1]
                if not os.path.exists(folder + "/go-on"):
                    sys.exit(os.waitstatus_to_exitcode(status))
            """;

    @TempDir
    private Path directory;

    private final int port = FreePorts.next();
    private Path python;

    @BeforeEach
    void makeHolder() throws IOException {
        assumeTrue(Epoll.isAvailable(), "descriptors need Netty's epoll transport");
        python = RealPrograms.require("python3", "python3");
        Files.writeString(directory.resolve("holder.py"), HOLDER);
    }

    private PosternProcess start(String name, String blocking, String listen) {
        Installation installation = new Installation(directory);
        try {
            Files.writeString(installation.configuration(), """
                    listeners:
                      http: { bind: "%s" }
                      challenge: { bind: "127.0.0.1:0" }
                    sites:
                      - { names: [localhost], plain: true, routes: [{ path: /, respond: { status: 200, body: here } }] }
                    """.formatted(listen));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return PosternProcess.startUnder(
                List.of(
                        python.toString(),
                        directory.resolve("holder.py").toString(),
                        Integer.toString(port),
                        name,
                        blocking,
                        directory.toString()),
                directory,
                List.of(),
                "run",
                "-c",
                installation.configuration().toString());
    }

    private ProcessHandle running() throws IOException {
        return ProcessHandle.of(Long.parseLong(Files.readString(directory.resolve("running"))))
                .orElseThrow();
    }

    private String get() {
        try (RawClient client = RawClient.plain(port)) {
            return client.get("localhost", "/").body();
        }
    }

    @Test
    void fiveRestartsUnderLoadRefuseNoConnectionAndLoseNone() throws Exception {
        Files.createFile(directory.resolve("go-on"));
        AtomicBoolean stopped = new AtomicBoolean();
        AtomicLong asked = new AtomicLong();
        List<String> failures = new CopyOnWriteArrayList<>();
        try (PosternProcess holder = start("postern.socket", "non-blocking", "127.0.0.1:" + port)) {
            holder.awaitLine("Edge - ready: ");
            Thread client = new Thread(() -> {
                while (!stopped.get()) {
                    try {
                        assertThat(get()).isEqualTo("here");
                        asked.incrementAndGet();
                    } catch (RuntimeException | AssertionError e) {
                        failures.add(e.getCause() instanceof ConnectException ? "refused" : e.toString());
                    }
                }
            });
            client.start();
            for (int i = 1; i <= 5; i++) {
                long before = asked.get();
                await().until(() -> asked.get() > before + 20);
                running().destroy();
                int starts = i + 1;
                holder.awaitLine(line -> holder.lines().stream()
                                .filter(one -> one.contains("Edge - ready: "))
                                .count()
                        == starts);
            }
            stopped.set(true);
            client.join();
            Files.delete(directory.resolve("go-on"));
            running().destroy();
            assertThat(holder.awaitExit()).isZero();
        }
        assertThat(failures).isEmpty();
    }

    @Test
    void socketThatBlocksIsRefusedForItWouldHoldTheEventLoop() {
        try (PosternProcess holder = start("http", "blocking", "127.0.0.1:" + port)) {
            assertThat(holder.awaitExit()).isEqualTo(78);
            assertThat(holder.lines())
                    .anyMatch(line -> line.contains("LISTEN_FDS: descriptor 3 (http): would block who accepts there"
                            + " (expected: NonBlocking=yes in the service unit)"));
        }
    }

    @Test
    void socketThatNoListenerIsBoundToIsToldOf() throws Exception {
        try (PosternProcess holder = start("http", "non-blocking", "127.0.0.1:0")) {
            holder.awaitLine("LISTEN_FDS: 127.0.0.1:" + port
                    + " (http): no listener of the configuration is bound there; whoever connects waits in vain");
            running().destroy();
            assertThat(holder.awaitExit()).isZero();
        }
    }
}
