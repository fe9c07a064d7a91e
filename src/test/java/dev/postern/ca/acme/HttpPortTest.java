package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The HTTP of the CA, byte by byte. */
class HttpPortTest {
    private static final HttpPort.Limits LIMITS =
            new HttpPort.Limits(1024, 100, Duration.ofSeconds(5), Duration.ofMillis(300), Duration.ofMillis(10));

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private volatile Delivery delivery = Delivery.WHOLE;
    private HttpPort port;

    @BeforeEach
    void start() throws IOException {
        port = HttpPort.start(
                HttpPort.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                null,
                executor,
                LIMITS,
                (method, target, headers, body) -> AcmeReply.of(
                                200,
                                "text/plain",
                                method + " " + target + " " + body.length + " "
                                        + new String(body, StandardCharsets.UTF_8))
                        .delivered(delivery));
    }

    @AfterEach
    void stop() {
        port.close();
        executor.shutdownNow();
    }

    @Test
    void oneConnectionCarriesManyRequests() throws IOException {
        try (Socket client = connect()) {
            send(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
            send(client, "POST /b HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc");
            send(client, "GET /c HTTP/1.1\r\nConnection: close\r\n\r\n");

            assertThat(all(client)).contains("GET /a 0", "POST /b 3 abc", "GET /c 0", "Connection: close");
        }
    }

    @Test
    void chunkedBodyIsRead() throws IOException {
        try (Socket client = connect()) {
            send(client, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
            send(client, "2;x=y\r\nde\r\n0\r\nT: t\r\n\r\n");
            send(client, "GET /next HTTP/1.0\r\n\r\n");

            assertThat(all(client)).contains("POST / 5 abcde", "GET /next");
        }
    }

    @Test
    void clientThatAsksFirstMayGoOn() throws IOException {
        try (Socket client = connect()) {
            send(client, "POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");

            byte[] go = new byte["HTTP/1.1 100 Continue\r\n\r\n".length()];
            assertThat(client.getInputStream().readNBytes(go, 0, go.length)).isEqualTo(go.length);
            assertThat(new String(go, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 100 ");
            client.getOutputStream().write('x');
            client.shutdownOutput();
            assertThat(all(client)).contains("POST / 1 x");
        }
    }

    @Test
    void headHasNoBody() throws IOException {
        try (Socket client = connect()) {
            send(client, "HEAD / HTTP/1.0\r\n\r\n");

            assertThat(all(client)).endsWith("\r\n\r\n").doesNotContain("Content-Length");
        }
    }

    @Test
    void whatIsTooLongIsCutOffOrRefused() throws IOException {
        try (Socket client = connect()) {
            // No more than is read: what is left over when the port closes would reset the connection, answer and all.
            send(client, "POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n" + "x".repeat(101));

            assertThat(all(client)).contains("POST / 101 xxx");
        }
        try (Socket client = connect()) {
            send(client, "GET / HTTP/1.1\r\nX: " + "x".repeat(2000) + "\r\n\r\n");

            assertThat(all(client)).startsWith("HTTP/1.1 431 ");
        }
    }

    @Test
    void whatIsNotHttpIsABadRequest() throws IOException {
        for (String bytes : new String[] {
            "\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"
        }) {
            try (Socket client = connect()) {
                send(client, bytes);

                assertThat(all(client)).as(bytes).startsWith("HTTP/1.1 400 ");
            }
        }
    }

    @Test
    void unfinishedRequestIsGivenUp() throws IOException {
        try (Socket client = connect()) {
            send(client, "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");

            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void resetEndsTheConnectionAtOnce() throws IOException {
        delivery = Delivery.RESET;
        try (Socket client = connect()) {
            send(client, "GET / HTTP/1.1\r\n\r\n");

            assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void silenceAndStallLastUntilTheClientGivesUp() throws IOException {
        for (Delivery kind : new Delivery[] {Delivery.SILENT, Delivery.STALLED}) {
            delivery = kind;
            try (Socket client = connect()) {
                client.setSoTimeout(200);
                send(client, "GET /0123456789 HTTP/1.1\r\n\r\n");
                StringBuilder received = new StringBuilder();

                assertThatThrownBy(() -> {
                            while (true) {
                                received.append((char) client.getInputStream().read());
                            }
                        })
                        .isInstanceOf(SocketTimeoutException.class);

                assertThat(received.length() > 0).isEqualTo(kind == Delivery.STALLED);
                assertThat(received).doesNotContain("0123456789");
            }
        }
    }

    @Test
    void truncatedBodyIsShorterThanPromised() throws IOException {
        delivery = Delivery.TRUNCATED;
        try (Socket client = connect()) {
            send(client, "GET /0123456789 HTTP/1.1\r\n\r\n");

            assertThat(all(client)).contains("Content-Length: 18").endsWith("GET /0123");
        }
    }

    @Test
    void drippingBodyArrivesInTheEnd() throws IOException {
        delivery = Delivery.DRIPPING;
        long start = System.nanoTime();
        try (Socket client = connect()) {
            send(client, "GET /0123456789 HTTP/1.0\r\n\r\n");

            assertThat(all(client)).endsWith("GET /0123456789 0 ");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(150));
        }
    }

    @Test
    void closeEndsWhatIsOpen() throws IOException {
        try (Socket client = connect()) {
            send(client, "GET / HTTP/1.1\r\n\r\n");
            byte[] some = new byte[10];
            assertThat(client.getInputStream().readNBytes(some, 0, 10)).isEqualTo(10);

            port.close();

            assertThatThrownBy(() -> {
                        while (client.getInputStream().read() >= 0) {
                            // the rest of the answer
                        }
                        throw new IOException("ended");
                    })
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
        }
    }

    private Socket connect() throws IOException {
        Socket client = new Socket(port.address().getAddress(), port.address().getPort());
        client.setSoTimeout(5000);
        return client;
    }

    private static void send(Socket client, String bytes) throws IOException {
        client.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
    }

    private static String all(Socket client) throws IOException {
        return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
