package dev.postern.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.served.TlsAlpn01Solver;
import dev.postern.config.Tls;
import dev.postern.config.TlsProfile;
import dev.postern.config.TlsVersion;
import dev.postern.identity.ClientAuthorities;
import dev.postern.pki.Certificate;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestCa;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.bouncycastle.asn1.ASN1OctetString;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a validator is shown on the https port, RFC 8737; {@code known.test} has a certificate, {@code new.test} none. */
class AlpnChallengeTest {
    private static final String ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";
    private static final byte[] NO_APPLICATION_PROTOCOL = {21, 3, 3, 0, 2, 2, 120};

    private final AlpnChallengeTable challenges = new AlpnChallengeTable(InstantSource.system());
    private final List<String> established = new CopyOnWriteArrayList<>();
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private ServerContexts contexts;
    private X509Certificate ordinary;
    private Channel listener;

    @BeforeEach
    void listen() throws Exception {
        TestCa.Issued issued = TestCa.create().issue(List.of("known.test"), Instant.now(), Duration.ofDays(1));
        ordinary = issued.leaf();
        CertificateTable certificates = new CertificateTable();
        certificates.publish(List.of("known.test"), Certificate.of("known.test", "test", issued.key(), issued.chain()));
        contexts = new ServerContexts(
                certificates,
                challenges,
                new ClientAuthorities(InstantSource.system()),
                new Tls(TlsVersion.TLS_1_2, TlsProfile.INTERMEDIATE),
                List.of("http/1.1"),
                new HandshakeObserver() {
                    @Override
                    public void completed(String version) {}

                    @Override
                    public void failed(Failure why) {}
                });
        listener = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new SelectCertificate(
                                        contexts,
                                        (InetSocketAddress) channel.remoteAddress(),
                                        Duration.ofSeconds(5),
                                        new SelectCertificate.Next() {
                                            @Override
                                            public void inTurn(Runnable handshake, Runnable broken) {
                                                handshake.run();
                                            }

                                            @Override
                                            public String wanted(@Nullable String serverName) {
                                                return serverName == null ? "127.0.0.1" : serverName;
                                            }

                                            @Override
                                            public String certified(String wanted) {
                                                return wanted;
                                            }

                                            @Override
                                            public boolean passes(Channel client, String serverName) {
                                                return false;
                                            }

                                            @Override
                                            public void established(
                                                    Channel client, ShownCertificate shown, @Nullable String protocol) {
                                                established.add(shown.site() + " " + protocol);
                                                var unused = client.close();
                                            }

                                            @Override
                                            public void plaintext(Channel client) {
                                                throw new IllegalStateException();
                                            }
                                        }));
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    @AfterEach
    void close() throws Exception {
        listener.close().sync();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        contexts.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"known.test", "new.test"})
    void validatorIsShownTheChallengeAndClosed(String name) throws Exception {
        TlsAlpn01Solver solver = new TlsAlpn01Solver(challenges);
        solver.present(new ChallengeAnswer(name, name, "token", "token.thumbprint"));

        for (String version : List.of("TLSv1.2", "TLSv1.3")) {
            try (SSLSocket socket = connect(name, version, "acme-tls/1")) {
                X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
                assertThat(socket.getApplicationProtocol()).isEqualTo("acme-tls/1");
                assertThat(shown.getSubjectAlternativeNames()).containsExactly(List.of(2, name));
                assertThat(shown.getCriticalExtensionOIDs()).containsExactly(ACME_IDENTIFIER);
                assertThat(digest(shown))
                        .isEqualTo(MessageDigest.getInstance("SHA-256")
                                .digest("token.thumbprint".getBytes(StandardCharsets.US_ASCII)));
                shown.verify(shown.getPublicKey());
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        }
        assertThat(established).isEmpty();
    }

    @Test
    void validatorIsRefusedWhereNoChallengeIsOpenForItsName() throws Exception {
        TlsAlpn01Solver solver = new TlsAlpn01Solver(challenges);
        ChallengeAnswer answer = new ChallengeAnswer("new.test", "new.test", "token", "token.thumbprint");
        solver.present(answer);
        solver.withdraw(answer);

        for (String name : List.of("new.test", "known.test", "www.known.test")) {
            assertThat(answerTo(hello(name, "acme-tls/1"))).isEqualTo(NO_APPLICATION_PROTOCOL);
        }
    }

    @Test
    void clientThatOffersOtherProtocolsTooIsAnOrdinaryOne() throws Exception {
        challenges.put("known.test", "token.thumbprint");

        try (SSLSocket socket = connect("known.test", "TLSv1.3", "acme-tls/1", "http/1.1")) {
            assertThat(socket.getSession().getPeerCertificates()[0]).isEqualTo(ordinary);
            assertThat(socket.getApplicationProtocol()).isEqualTo("http/1.1");
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(established).containsExactly("known.test http/1.1");
    }

    @Test
    void clientThatOffersNothingOfOursIsToldSo() throws Exception {
        challenges.put("known.test", "token.thumbprint");

        for (String[] offered :
                List.of(new String[] {"spdy/3"}, new String[] {"acme-tls/1", "spdy/3"}, new String[] {"h2"})) {
            assertThat(answerTo(hello("known.test", offered))).isEqualTo(NO_APPLICATION_PROTOCOL);
        }
        assertThat(established).isEmpty();
    }

    /** Such as a rehearsal during an order of the same site: the first validation must not be shown the second's answer. */
    @Test
    void secondValidationOfANameIsRefusedAndLeavesTheFirst() throws Exception {
        TlsAlpn01Solver solver = new TlsAlpn01Solver(challenges);
        ChallengeAnswer first = new ChallengeAnswer("new.test", "new.test", "first", "first.thumbprint");
        ChallengeAnswer second = new ChallengeAnswer("new.test", "new.test", "second", "second.thumbprint");
        solver.present(first);
        var shown = challenges.find("new.test");

        assertThatThrownBy(() -> solver.present(second))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("another validation of \"new.test\" by tls-alpn-01 is under way");
        solver.withdraw(second);

        assertThat(challenges.find("new.test")).isNotNull().isSameAs(shown);
        solver.withdraw(first);
        assertThat(challenges.find("new.test")).isNull();
        solver.present(second);
    }

    /** Two orders may share an authorization. */
    @Test
    void sameAnswerIsShownUntilTheLastOrderWithdrawsIt() throws Exception {
        challenges.put("new.test", "same");
        challenges.put("new.test", "same");

        challenges.remove("new.test", "same");
        assertThat(challenges.find("new.test")).isNotNull();
        challenges.remove("new.test", "same");
        assertThat(challenges.find("new.test")).isNull();
    }

    @Test
    void opensslSeesItToo() throws Exception {
        String openssl = RealPrograms.require("openssl", "openssl").toString();
        challenges.put("new.test", "token.thumbprint");

        Process process = new ProcessBuilder(
                        openssl,
                        "s_client",
                        "-connect",
                        "127.0.0.1:" + port(),
                        "-servername",
                        "new.test",
                        "-alpn",
                        "acme-tls/1",
                        "-showcerts")
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);

        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(said).contains("ALPN protocol: acme-tls/1").contains("BEGIN CERTIFICATE");
    }

    // ---- vocabulary

    private int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    private static byte[] digest(X509Certificate shown) {
        byte[] value = ASN1OctetString.getInstance(shown.getExtensionValue(ACME_IDENTIFIER))
                .getOctets();
        return ASN1OctetString.getInstance(value).getOctets();
    }

    private static byte[] hello(String name, String... protocols) throws Exception {
        return Hello.ofJdk(parameters -> {
            parameters.setServerNames(List.of(new SNIHostName(name)));
            parameters.setApplicationProtocols(protocols);
        });
    }

    private byte[] answerTo(byte[] hello) {
        try (RawClient client = RawClient.plain(port())) {
            return client.send(hello).untilClosed();
        }
    }

    private SSLSocket connect(String name, String version, String... protocols) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustsAll()}, null);
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), port());
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, name, port(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(name)));
        parameters.setApplicationProtocols(protocols);
        parameters.setProtocols(new String[] {version});
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(10_000);
        socket.startHandshake();
        return socket;
    }

    /** As a validator does: it looks at the certificate itself. */
    private static final class TrustsAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
