package dev.postern.tunnel;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.KernelQueues;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Remote desktops: clients go by their user, or by the token of a session broker. */
class RdpTest {
    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    /** Says its name, and then what it heard. */
    private TestServer desktop(String name) {
        return desktop(0, name);
    }

    private TestServer desktop(int port, String name) {
        return edge.closes(TestServer.conversing(port, connection -> {
            connection.send(name + "\n");
            connection.in().transferTo(connection.socket().getOutputStream());
        }));
    }

    /** A connection request (MS-RDPBCGR §2.2.1.1): TPKT, X.224, and the cookie where there is one. */
    static byte[] hello(String cookie) {
        byte[] text = cookie.isEmpty() ? new byte[0] : ("Cookie: " + cookie + "\r\n").getBytes(ISO_8859_1);
        // RDP_NEG_REQ: TLS and CredSSP.
        byte[] negotiation = {1, 0, 8, 0, 3, 0, 0, 0};
        int length = 11 + text.length + negotiation.length;
        ByteArrayOutputStream hello = new ByteArrayOutputStream();
        hello.writeBytes(new byte[] {3, 0, (byte) (length >> 8), (byte) length});
        hello.writeBytes(new byte[] {(byte) (length - 5), (byte) 0xe0, 0, 0, 0, 0, 0});
        hello.writeBytes(text);
        hello.writeBytes(negotiation);
        return hello.toByteArray();
    }

    private void start(TestServer... desktops) throws Exception {
        edge.start("""
                tcp:
                  - { name: rdp, bind: "127.0.0.1:0", backend: desktops }
                backends:
                  desktops: { balance: rdp-cookie, servers: %s }
                """.formatted(EdgeExtension.addresses(
                List.of(desktops).stream().map(TestServer::address).toList())));
    }

    private RawClient client() {
        return edge.closes(RawClient.plain(edge.tcpPort("rdp")));
    }

    private static String line(RawClient client) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = client.in().read();
                next != '\n' && next >= 0;
                next = client.in().read()) {
            line.append((char) next);
        }
        return line.toString();
    }

    /** Where a client with this cookie gets to; what it said has to arrive whole. */
    private String desktopOf(String cookie) throws IOException {
        byte[] hello = hello(cookie);
        RawClient client = client();
        client.send(hello);
        String name = line(client);
        assertThat(client.in().readNBytes(hello.length)).isEqualTo(hello);
        return name;
    }

    private static String token(TestServer desktop) {
        int port = desktop.port();
        return "msts=16777343." + ((port & 0xff) << 8 | port >> 8) + ".0000";
    }

    @Test
    void aUserStaysAtItsDesktopAndUsersAreSpread() throws Exception {
        start(desktop("one"), desktop("two"), desktop("three"));

        Set<String> used = new HashSet<>();
        for (int user = 0; user < 20; user++) {
            String desktop = desktopOf("mstshash=user" + user);
            used.add(desktop);
            assertThat(desktopOf("MSTSHASH=user" + user)).isEqualTo(desktop);
        }
        assertThat(used).containsExactlyInAnyOrder("one", "two", "three");
    }

    @Test
    void usersOfADesktopThatDiesHaveAnotherUntilItIsReplaced() throws Exception {
        TestServer one = desktop("one");
        start(one, desktop("two"), desktop("three"));
        int user = 0;
        while (!desktopOf("mstshash=user" + user).equals("one")) {
            user++;
        }
        String its = "mstshash=user" + user;

        one.close();
        String meanwhile = desktopOf(its);
        assertThat(meanwhile).isIn("two", "three");
        assertThat(desktopOf(its)).isEqualTo(meanwhile);

        desktop(one.port(), "again");
        edge.passes(Duration.ofSeconds(2));
        await().untilAsserted(() -> assertThat(desktopOf(its)).isEqualTo("again"));
    }

    @Test
    void aTokenLeadsToTheServerThatItNames() throws Exception {
        TestServer one = desktop("one");
        TestServer two = desktop("two");
        start(one, two);

        for (int i = 0; i < 3; i++) {
            assertThat(desktopOf(token(one))).isEqualTo("one");
            assertThat(desktopOf(token(two))).isEqualTo("two");
        }
    }

    @Test
    void aTokenOfNobodyIsNoHindrance() throws Exception {
        start(desktop("one"));

        assertThat(desktopOf("msts=1.2.0000")).isEqualTo("one");
        assertThat(desktopOf("")).isEqualTo("one");
        assertThat(desktopOf("mstshash=")).isEqualTo("one");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\003", "GET / HTTP/1.1\r\n\r\n", "\003\0\0\023\016\340\0\0\0\0\0Cookie mstshash=a\r\n"})
    void whatIsNoRequestOfRdpGetsToAnyServer(String said) throws Exception {
        start(desktop("one"));
        RawClient client = client();
        client.send(said.getBytes(ISO_8859_1));
        client.socket().shutdownOutput();

        assertThat(line(client)).isEqualTo("one");
        assertThat(new String(client.untilClosed(), ISO_8859_1)).isEqualTo(said);
    }

    @Test
    void whoSaysNothingGetsToAnyServerInTheEnd() throws Exception {
        start(desktop("one"));
        RawClient client = client();
        KernelQueues.awaitRead(client.socket());
        edge.passes(Duration.ofSeconds(4));

        assertThat(line(client)).isEqualTo("one");
    }

    @Test
    void noCutChangesWhereAClientGetsTo() throws Exception {
        TestServer one = desktop("one");
        TestServer two = desktop("two");
        start(one, two);
        for (TestServer wanted : List.of(one, two)) {
            byte[] hello = hello(token(wanted));
            String name = wanted == one ? "one" : "two";
            for (int at = 1; at < hello.length; at++) {
                RawClient client = client();
                client.send(Arrays.copyOf(hello, at));
                KernelQueues.awaitRead(client.socket());
                client.send(Arrays.copyOfRange(hello, at, hello.length));
                assertThat(line(client)).as("cut at " + at).isEqualTo(name);
                assertThat(client.in().readNBytes(hello.length)).isEqualTo(hello);
                client.close();
            }
        }
    }
}
