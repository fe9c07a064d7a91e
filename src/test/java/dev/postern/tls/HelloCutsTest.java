package dev.postern.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.AtOnce;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.KernelQueues;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes of a ClientHello does not depend on where the network has cut it, and comes {@linkplain AtOnce at once}. */
class HelloCutsTest {
    private static final int HANDSHAKE = 22;

    private static final int AT_ONCE = 200;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void cutDoesNotChangeAHello(String protocol) throws Exception {
        hellos(Hello.ofJdk("localhost", protocol), 23);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void noCutChangesAHello(String protocol) throws Exception {
        hellos(Hello.ofJdk("localhost", protocol), 1);
    }

    @Test
    void cutDoesNotChangeAHelloInManyRecords() throws Exception {
        hellos(Hello.fragmented(Hello.ofJdk("localhost", "TLSv1.3"), 100), 23);
    }

    /** RFC 8446 §5.1: a message may be in any number of records, its first four bytes as well. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void helloMayComeInRecordsOfAFewBytes(int size) throws Exception {
        hellos(Hello.fragmented(Hello.ofJdk("localhost", "TLSv1.3"), size), 331);
        hellos(Hello.fragmented(Hello.ofJdk("localhost", "TLSv1.2"), size), 331);
    }

    @Test
    @Tag("long")
    void helloMayComeByteByByte() throws Exception {
        start();
        RawClient client = client();
        for (byte one : Hello.ofJdk("localhost", "TLSv1.3")) {
            client.send(new byte[] {one});
            KernelQueues.awaitRead(client.socket());
        }

        assertThat(client.in().read()).isEqualTo(HANDSHAKE);
    }

    private void hellos(byte[] hello, int stride) throws Exception {
        edge.stop();
        start();
        List<Integer> all = new ArrayList<>();
        for (int at = 1; at < hello.length; at += stride) {
            all.add(at);
        }
        for (int from = 0; from < all.size(); from += AT_ONCE) {
            List<Integer> cuts = all.subList(from, Math.min(all.size(), from + AT_ONCE));
            List<RawClient> clients = new ArrayList<>();
            for (int at : cuts) {
                clients.add(client().send(Arrays.copyOf(hello, at)));
            }
            KernelQueues.awaitRead(clients.stream().map(RawClient::socket).toArray(Socket[]::new));
            for (int i = 0; i < cuts.size(); i++) {
                clients.get(i).send(Arrays.copyOfRange(hello, cuts.get(i), hello.length));
            }
            KernelQueues.awaitRead(clients.stream().map(RawClient::socket).toArray(Socket[]::new));
            AtOnce.assertAnswered(clients);
            for (int i = 0; i < cuts.size(); i++) {
                assertThat(clients.get(i).in().read())
                        .as("cut at " + cuts.get(i))
                        .isEqualTo(HANDSHAKE);
                // Or the next edge waits until this one has waited for the handshake.
                clients.get(i).close();
            }
        }
    }

    private void start() throws Exception {
        edge.startWith(List.of(edge.closes(TestServer.saying("yes")).address()), AtOnce.TIMEOUTS);
    }

    private RawClient client() throws IOException {
        return edge.closes(RawClient.over(new Socket(InetAddress.getLoopbackAddress(), edge.httpsPort())));
    }
}
