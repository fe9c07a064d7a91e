package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.KernelQueues;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PipeliningTest {
    private static final int REQUESTS = 100_000;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** A client that asks and never takes an answer must not have us keep all the answers: it stops being read. */
    @Test
    void clientThatReadsNoResponsesIsNotReadFromAndLosesNone() throws Exception {
        edge.startWith(TestServer.saying("never asked"));
        Socket socket = edge.closes(smallWindows());
        byte[] request = "GET /abc HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        AtomicLong sent = new AtomicLong();
        CompletableFuture<Void> sender = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < REQUESTS; i++) {
                    socket.getOutputStream().write(request);
                    sent.incrementAndGet();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        assertThat(isStuck(sender)).isTrue();
        // The kernel takes more in for us, unread, the faster the edge was read from before: up to megabytes.
        long unanswered = sent.get() - KernelQueues.unread(socket) / request.length;
        RawClient client = RawClient.over(socket);
        for (int i = 0; i < REQUESTS; i++) {
            assertThat(client.response().status()).isEqualTo(308);
        }

        sender.get(10, TimeUnit.SECONDS);
        // What the kernel takes of the answers, 4 MiB mostly, counts as well.
        assertThat(unanswered).isLessThan(REQUESTS / 2);
    }

    private static boolean isStuck(CompletableFuture<Void> sender) throws Exception {
        try {
            sender.get(2, TimeUnit.SECONDS);
            return false;
        } catch (TimeoutException e) {
            return true;
        }
    }

    /** So that the kernel does not take in for us what we do not read. */
    private Socket smallWindows() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(8192);
        socket.setSendBufferSize(8192);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), edge.httpPort()));
        return socket;
    }
}
