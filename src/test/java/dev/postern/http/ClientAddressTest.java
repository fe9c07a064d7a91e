package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.AddressRange;
import dev.postern.http.exchange.CertificateShown;
import dev.postern.http.exchange.Client;
import dev.postern.http.exchange.ForwardedFor;
import dev.postern.http.message.HeadParser;
import dev.postern.http.message.RequestHead;
import dev.postern.wire.Endpoints;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Whose request it is, when proxies that are trusted speak for others. */
class ClientAddressTest {
    private static final String PROXY = "10.0.0.1";

    @Test
    void untrustedConnectionIsItsOwnClientWhateverItClaims() throws Exception {
        assertThat(client("192.0.2.200", "X-Forwarded-For: 192.0.2.7")).isEqualTo("192.0.2.200");
    }

    @Test
    void trustedProxyThatSaysNothingIsTheClient() throws Exception {
        assertThat(client(PROXY)).isEqualTo(PROXY);
        assertThat(client(PROXY, "X-Forwarded-For:", "X-Forwarded-For: , ,")).isEqualTo(PROXY);
    }

    @Test
    void rightMostAddressThatIsNoTrustedProxysIsTheClient() throws Exception {
        assertThat(client(PROXY, "X-Forwarded-For: 192.0.2.7")).isEqualTo("192.0.2.7");
        assertThat(client(PROXY, "X-Forwarded-For: 1.1.1.1, 192.0.2.7, 10.0.0.2, 2001:db8::2"))
                .isEqualTo("192.0.2.7");
    }

    @Test
    void whatTheClientPutThereItselfIsNotBelieved() throws Exception {
        assertThat(client(PROXY, "X-Forwarded-For: 10.0.0.3, 192.0.2.7")).isEqualTo("192.0.2.7");
        assertThat(client(PROXY, "X-Forwarded-For: 10.0.0.3", "X-Forwarded-For: 192.0.2.7"))
                .isEqualTo("192.0.2.7");
    }

    @Test
    void severalFieldsAreOneList() throws Exception {
        assertThat(client(PROXY, "X-Forwarded-For: 192.0.2.7", "Accept: */*", "x-forwarded-for: 10.0.0.2,10.0.0.3"))
                .isEqualTo("192.0.2.7");
    }

    @Test
    void listOfTrustedProxiesOnlyEndsAtItsFirst() throws Exception {
        assertThat(client(PROXY, "X-Forwarded-For: 10.9.9.9, 10.0.0.2")).isEqualTo("10.9.9.9");
    }

    @Test
    void entryThatIsNoAddressMakesNobodyBehindItTheClient() throws Exception {
        for (String bad : List.of(
                "unknown",
                "192.0.2",
                "192.0.2.256",
                "192.0.2.07.1",
                "1.2.3.4:port",
                "1.2.3.4:123456",
                "fe80::1%eth0",
                "[::1",
                "[1.2.3.4]",
                "[[::1]]",
                "::1]",
                "localhost",
                "1.2.3.4 5.6.7.8",
                "0x7f000001",
                "1".repeat(1000))) {
            assertThat(client(PROXY, "X-Forwarded-For: 192.0.2.7, " + bad + ", 10.0.0.2"))
                    .as(bad)
                    .isEqualTo("0.0.0.0");
            assertThat(client(PROXY, "X-Forwarded-For: " + bad)).as(bad).isEqualTo("0.0.0.0");
            assertThat(client(PROXY, "X-Forwarded-For: " + bad + ", 192.0.2.7, 10.0.0.2"))
                    .as(bad)
                    .isEqualTo("192.0.2.7");
        }
    }

    @Test
    void portsAndBracketsAreUnderstood() throws Exception {
        assertThat(client(PROXY, "X-Forwarded-For: 192.0.2.7:4711")).isEqualTo("192.0.2.7");
        assertThat(client(PROXY, "X-Forwarded-For: [2001:DB9::7]:4711")).isEqualTo("2001:db9:0:0:0:0:0:7");
        assertThat(client(PROXY, "X-Forwarded-For: [2001:db9::7]")).isEqualTo("2001:db9:0:0:0:0:0:7");
    }

    // Otherwise one client had two addresses, and a range of IPv4 could be walked around.
    @Test
    void ipv4InsideIpv6IsIpv4() throws Exception {
        assertThat(client(PROXY, "X-Forwarded-For: ::ffff:192.0.2.7")).isEqualTo("192.0.2.7");
        assertThat(client(PROXY, "X-Forwarded-For: 192.0.2.7, ::ffff:10.0.0.5")).isEqualTo("192.0.2.7");
    }

    @Test
    void forwardedIsNotAsked() throws Exception {
        assertThat(client(PROXY, "Forwarded: for=192.0.2.7", "X-Real-IP: 192.0.2.7"))
                .isEqualTo(PROXY);
    }

    private static String client(String connection, String... fields) throws Exception {
        Client client = new Client(
                "https",
                new Endpoints(new InetSocketAddress(connection, 33224), new InetSocketAddress("10.0.0.9", 443)),
                new CertificateShown("localhost", "localhost", (site, host) -> false),
                false,
                List.of(range("10.0.0.0", 8), range("2001:db8::", 32)),
                null);
        StringBuilder head = new StringBuilder("GET / HTTP/1.1\r\nHost: localhost\r\n");
        for (String field : fields) {
            head.append(field).append("\r\n");
        }
        byte[] bytes = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        RequestHead request =
                Objects.requireNonNull(new HeadParser(8192, 100).request(bytes, bytes.length), "complete head");
        return ForwardedFor.client(request.fields(), client).getHostAddress();
    }

    private static AddressRange range(String network, int prefix) throws UnknownHostException {
        return new AddressRange(InetAddress.getByName(network), prefix);
    }
}
