package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.pki.Pem;
import dev.postern.testing.FreePorts;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While thousands of files are read there are listeners already. */
@Tag("long") // A process of its own, busy with reading.
class StopWhileStartingTest {
    private static final int SITES = 3000;

    @TempDir
    Path directory;

    private int https;
    private int admin;

    /** So long that reading it for every site takes ten seconds of two processors. */
    private Path configuration() throws Exception {
        TestCa.Intermediate ca = TestCa.create().intermediate();
        KeyPair keys = TestCa.newKeys();
        TestCa.Issued issued =
                ca.issue(List.of("*.example.com"), Instant.now().minus(Duration.ofDays(1)), Duration.ofDays(90), keys);
        StringBuilder pem = new StringBuilder(Pem.of(issued.chain()));
        String last = Pem.of(
                issued.chain().subList(issued.chain().size() - 1, issued.chain().size()));
        for (int i = 0; i < 200; i++) {
            pem.append(last);
        }
        Path chain = Files.writeString(directory.resolve("chain.pem"), pem);
        Path key = Files.writeString(directory.resolve("key.pem"), Pem.of(issued.key()));
        https = FreePorts.next();
        admin = FreePorts.next();
        StringBuilder config = new StringBuilder("""
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:%d" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:%d" }
                sites:
                """.formatted(https, admin));
        for (int i = 0; i < SITES; i++) {
            config.append(
                    "  - { names: [s%d.example.com], routes: [{ path: /, respond: { status: 204 } }], certificate: { chain: %s, key: %s } }\n"
                            .formatted(i, chain, key));
        }
        return Files.writeString(directory.resolve("postern.yaml"), config);
    }

    @Test
    void daemonThatIsToldToStopIsGoneAndUntilThenSaysThatItIsNotReady() throws Exception {
        try (PosternProcess postern =
                PosternProcess.start(directory, "run", "-c", configuration().toString())) {
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> answers(admin));

            try (RawClient client = RawClient.plain(admin)) {
                assertThat(client.get("127.0.0.1", "/ready").status()).isEqualTo(503);
                assertThat(client.get("127.0.0.1", "/live").status()).isEqualTo(200);
            }
            postern.terminate();

            assertThat(postern.awaitExit()).isZero();
            assertThat(postern.lines())
                    .anyMatch(line -> line.contains("told to stop"))
                    .noneMatch(line -> line.contains("ready:"));
            assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), https).close())
                    .isInstanceOf(ConnectException.class);
        }
    }

    private static boolean answers(int port) {
        try {
            new Socket(InetAddress.getLoopbackAddress(), port).close();
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
