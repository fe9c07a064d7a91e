package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a server is told of the client, and what the client cannot make it believe. */
class ForwardedHeadersTest {
    /** What only we may say, in the spellings that programs behind us may take for it, and what concerns one hop only. */
    private static final List<String> CLAIMS = List.of(
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "X-Forwarded-Port",
            "X-Forwarded-Prefix",
            "X-Forwarded-Client-Cert",
            "X-Forwarded-Proto-Version",
            "x-fOrWaRdEd-sErVeR",
            "Forwarded",
            "FORWARDED",
            "X-Real-IP",
            "x-real-ip",
            "X_Forwarded_For",
            "X-Forwarded_For",
            "X.Forwarded.For",
            "X_Real_IP",
            "Any_Name",
            "Any.Name",
            "Proxy",
            "Proxy-Authorization",
            "Proxy-Connection",
            "Keep-Alive",
            "TE",
            "Upgrade");

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = TestServer.saying("hello");

    @Test
    void serverLearnsWhoTheClientIs() throws Exception {
        startTrusting();

        TestServer.Request seen = forwarded("GET / HTTP/1.1", "Host: localhost:8443");

        assertThat(seen.header("X-Forwarded-For")).containsExactly("127.0.0.1");
        assertThat(seen.header("X-Forwarded-Proto")).containsExactly("https");
        assertThat(seen.header("X-Forwarded-Host")).containsExactly("localhost:8443");
        assertThat(seen.header("X-Forwarded-Port")).containsExactly(String.valueOf(edge.httpsPort()));
        assertThat(seen.header("X-Real-IP")).containsExactly("127.0.0.1");
        assertThat(seen.header("Via")).containsExactly("1.1 postern");
        assertThat(seen.header("Host")).containsExactly("localhost:8443");
    }

    @Test
    void whatAnUntrustedClientSaysIsGone() throws Exception {
        startTrusting();

        for (String name : CLAIMS) {
            TestServer.Request seen = forwarded(
                    "GET / HTTP/1.1", "Host: localhost", name + ": spoofed-1", "Accept: */*", name + ": spoofed-2");

            assertThat(seen.head()).as(name).doesNotContain("spoofed");
            assertThat(seen.header("Accept")).as(name).containsExactly("*/*");
            assertOursExactlyOnce(seen);
        }
    }

    @Test
    void namingAFieldInConnectionDoesNotRemoveOurs() throws Exception {
        startTrusting();

        for (String named : List.of(
                "Host",
                "Content-Length",
                "Transfer-Encoding",
                "X-Forwarded-For",
                "X-Forwarded-Proto, x-forwarded-host, X-Forwarded-Port",
                "Via",
                "close, X-Forwarded-For",
                "keep-alive,,Host, ,")) {
            TestServer.Request seen = forwarded(
                    "POST / HTTP/1.1",
                    "Host: localhost",
                    "Connection: " + named,
                    "Content-Length: 0",
                    "X-Forwarded-For: 1.2.3.4");

            assertThat(seen.header("Host")).as(named).containsExactly("localhost");
            assertThat(seen.header("Content-Length")).as(named).containsExactly("0");
            assertThat(seen.header("Connection")).as(named).isEmpty();
            assertOursExactlyOnce(seen);
        }
    }

    // A proxy in front of us that passes on what its client listed in Connection must not cost the server our word.
    @Test
    void namingAFieldInConnectionDoesNotRemoveATrustedProxysEither() throws Exception {
        startTrusting("127.0.0.0/8");

        TestServer.Request seen = forwarded(
                "GET / HTTP/1.1",
                "Host: localhost",
                "Connection: X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Port",
                "X-Forwarded-For: 192.0.2.7",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Host: example.com",
                "X-Forwarded-Port: 443");

        assertThat(seen.header("X-Forwarded-For")).containsExactly("192.0.2.7, 127.0.0.1");
        assertThat(seen.header("X-Forwarded-Proto")).containsExactly("https");
        assertThat(seen.header("X-Forwarded-Host")).containsExactly("example.com");
        assertThat(seen.header("X-Forwarded-Port")).containsExactly("443");
    }

    @Test
    void fieldsNamedInConnectionGoNoFurther() throws Exception {
        startTrusting();

        TestServer.Request seen = forwarded(
                "GET / HTTP/1.1",
                "Host: localhost",
                "Connection: X-Hop , keep-alive",
                "X-Hop: 1",
                "x-hop: 2",
                "Connection: x-other",
                "X-Other: 3",
                "X-Hop-Not: stays");

        assertThat(seen.header("X-Hop")).isEmpty();
        assertThat(seen.header("X-Other")).isEmpty();
        assertThat(seen.header("X-Hop-Not")).containsExactly("stays");
        assertThat(seen.header("Connection")).isEmpty();
    }

    @Test
    void trustedProxyIsContinued() throws Exception {
        startTrusting("192.0.2.0/24", "127.0.0.1/32");

        TestServer.Request seen = forwarded(
                "GET / HTTP/1.1",
                "Host: localhost",
                "X-Forwarded-For: 192.0.2.7, 10.0.0.1",
                "x-forwarded-for: 10.0.0.2",
                "X-Forwarded-Proto: http",
                "X-Forwarded-Host: example.com",
                "X-Forwarded-Prefix: /app");

        assertThat(seen.header("X-Forwarded-For")).containsExactly("192.0.2.7, 10.0.0.1, 10.0.0.2, 127.0.0.1");
        assertThat(seen.header("X-Forwarded-Proto")).containsExactly("http");
        assertThat(seen.header("X-Forwarded-Host")).containsExactly("example.com");
        assertThat(seen.header("X-Forwarded-Port")).containsExactly(String.valueOf(edge.httpsPort()));
        assertThat(seen.header("X-Forwarded-Prefix")).containsExactly("/app");
        assertThat(seen.header("X-Real-IP")).containsExactly("10.0.0.2");
    }

    // Applications that nginx users have take the client from it, not from the list.
    @Test
    void realAddressIsThatOfTheClientWhomTrustedProxiesSpeakFor() throws Exception {
        startTrusting("127.0.0.0/8", "10.0.0.0/8");

        for (String[] listAndClient : new String[][] {
            {"198.51.100.7", "198.51.100.7"},
            {"spoofed, 198.51.100.7:4711, 10.0.0.1", "198.51.100.7"},
            {"[2001:DB8:0::7]:4711, 10.0.0.1", "2001:db8::7"},
            {"10.0.0.2", "10.0.0.2"},
            {"unknown", "0.0.0.0"},
            {"", "127.0.0.1"}
        }) {
            TestServer.Request seen = forwarded(
                    "GET / HTTP/1.1",
                    "Host: localhost",
                    "X-Real-IP: 192.0.2.66",
                    "Connection: X-Real-IP",
                    "X-Forwarded-For: " + listAndClient[0]);

            assertThat(seen.header("X-Real-IP")).as(listAndClient[0]).containsExactly(listAndClient[1]);
        }
    }

    @Test
    void trustedProxyThatSaysNothingIsAClientLikeAnyOther() throws Exception {
        startTrusting("127.0.0.1/32");

        TestServer.Request seen = forwarded("GET / HTTP/1.1", "Host: localhost", "X-Forwarded-For:");

        assertThat(seen.header("X-Forwarded-For")).containsExactly("127.0.0.1");
        assertOursExactlyOnce(seen);
    }

    @Test
    void otherProxiesAreNotTrusted() throws Exception {
        startTrusting("192.0.2.0/24");

        TestServer.Request seen = forwarded("GET / HTTP/1.1", "Host: localhost", "X-Forwarded-For: 192.0.2.7");

        assertThat(seen.header("X-Forwarded-For")).containsExactly("127.0.0.1");
    }

    @Test
    void viaOfEarlierProxiesIsContinued() throws Exception {
        startTrusting();

        TestServer.Request seen = forwarded("GET / HTTP/1.0", "Host: localhost", "Via: 1.1 other");

        assertThat(seen.header("Via")).containsExactly("1.1 other", "1.0 postern");
    }

    @Test
    void pathInItsOneFormAndQueryAreNotTouched() throws Exception {
        startTrusting();

        for (String target : List.of(
                "/a/..b/.c/...;p=1?q=%20&r=a+b&&x=?",
                "/?", "/%FF%3B%25?%0d%0a%%", "/~!$&'()*+,;=:@-._?/?!$&'()*+,;=:@", "/x?/../a//b/%2e%2E")) {
            TestServer.Request seen = forwarded("GET " + target + " HTTP/1.1", "Host: localhost");

            assertThat(seen.line()).isEqualTo("GET " + target + " HTTP/1.1");
        }
    }

    @Test
    void absoluteTargetBecomesAPathAndHostStays() throws Exception {
        startTrusting();

        TestServer.Request seen = forwarded("GET https://localhost?q=1 HTTP/1.1", "Host: LocalHost");

        assertThat(seen.line()).isEqualTo("GET /?q=1 HTTP/1.1");
        assertThat(seen.header("Host")).containsExactly("LocalHost");
    }

    private void startTrusting(String... proxies) throws Exception {
        edge.closes(server);
        edge.startWith(List.of(server.address()), "trusted-proxies: " + EdgeExtension.addresses(List.of(proxies)));
    }

    private TestServer.Request forwarded(String... lines) throws Exception {
        RawClient.Response response = edge.client().request(lines).response();

        assertThat(response.status()).isEqualTo(200);
        return server.requests().get(server.requests().size() - 1);
    }

    private static void assertOursExactlyOnce(TestServer.Request seen) {
        for (String name : List.of(
                "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-IP", "Via")) {
            assertThat(seen.header(name)).as(name).hasSize(1);
        }
        assertThat(seen.header("X-Forwarded-For")).containsExactly("127.0.0.1");
        assertThat(seen.header("X-Real-IP")).containsExactly("127.0.0.1");
        assertThat(seen.head().toLowerCase(Locale.ROOT).lines().filter(line -> line.startsWith("host:")))
                .hasSize(1);
    }
}
