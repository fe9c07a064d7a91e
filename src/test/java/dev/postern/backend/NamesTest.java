package dev.postern.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.backend.Resolver.Family;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import dev.postern.config.Resolve;
import dev.postern.testing.BindServer;
import dev.postern.testing.TestDns;
import dev.postern.wire.SocketTypes;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where names are looked up: in the files of the host, and with real DNS servers. */
class NamesTest {
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final EventLoop loop = (EventLoop) group.next();
    private final ScheduledExecutorService background = Executors.newSingleThreadScheduledExecutor();
    private final TestDns dns = TestDns.start();

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        dns.close();
        background.shutdownNow();
        var unused = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    // ---- files of the host

    @Test
    void hostsFileGoesBeforeTheDnsAndItsChangesHoldAtOnce() throws Exception {
        dns.says("app.test", 60, "192.0.2.1").says("other.test", 60, "192.0.2.2");
        Path hosts = Files.writeString(directory.resolve("hosts"), "10.0.0.1 App.test # ours\n2001:db8::1 app.test\n");
        BackendWatch watch = watch(hosts, directory.resolve("none"), dns.port());
        Backend backend = follow(watch, Resolve.ANY, "app.test", "other.test");

        assertThat(addresses(backend, 0)).containsExactly("10.0.0.1", "2001:db8:0:0:0:0:0:1");
        assertThat(addresses(backend, 1)).containsExactly("192.0.2.2");

        Files.writeString(hosts, "10.0.0.22 other.test\n");

        await().until(() -> addresses(backend, 1).equals(List.of("10.0.0.22")));
        await().until(() -> addresses(backend, 0).equals(List.of("192.0.2.1")));
        watch.close();
    }

    @Test
    void localhostIsThisHostWhateverTheFileSays() throws Exception {
        Path hosts = Files.writeString(directory.resolve("hosts"), "");
        BackendWatch watch = watch(hosts, directory.resolve("none"), dns.port());

        Backend backend = follow(watch, Resolve.ANY, "localhost");

        assertThat(addresses(backend, 0)).containsExactly("127.0.0.1", "0:0:0:0:0:0:0:1");
        assertThat(dns.questions()).isEmpty();
        watch.close();
    }

    @Test
    void resolvConfSaysWhomToAskAndForWhat() throws Exception {
        Path file = Files.writeString(directory.resolve("resolv.conf"), """
                # Of a container
                domain old.test
                nameserver 10.96.0.10
                nameserver 2001:db8::53
                search a.svc.cluster.local svc.cluster.local. cluster.local
                options timeout:2 ndots:5 rotate
                """);

        ResolvConf conf = ResolvConf.read(file);

        assertThat(conf.servers()).containsExactly(server("10.96.0.10"), server("2001:db8::53"));
        assertThat(conf.candidates("app.b"))
                .containsExactly(
                        "app.b.a.svc.cluster.local", "app.b.svc.cluster.local", "app.b.cluster.local", "app.b");
        assertThat(conf.candidates("a.b.c.d.e.f")).startsWith("a.b.c.d.e.f").hasSize(4);
    }

    @Test
    void withoutResolvConfThisHostIsAsked() {
        assertThat(ResolvConf.read(directory.resolve("none")))
                .isEqualTo(new ResolvConf(
                        List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 53)), List.of(), 1));
    }

    @Test
    void shortNamesAreCompletedInTurn() throws Exception {
        dns.says("app.b.test", 60, "192.0.2.1").says("app", 60, "192.0.2.9").says("plain", 60, "192.0.2.7");
        Resolver resolver = resolver(new ResolvConf(
                List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), dns.port())),
                List.of("a.test", "b.test"),
                1));

        assertThat(ask(resolver, "app", Family.IPV4)).isEqualTo(found(60, "192.0.2.1"));
        assertThat(ask(resolver, "plain", Family.IPV4)).isEqualTo(found(60, "192.0.2.7"));
        assertThat(ask(resolver, "app", Family.IPV6)).isEqualTo(new DnsAnswer.None("no address"));
        assertThat(ask(resolver, "none", Family.IPV6)).isEqualTo(new DnsAnswer.None("no such name"));
        assertThat(dns.questions().subList(0, 2)).containsExactly("A app.a.test", "A app.b.test");
    }

    @Test
    void domainThatIsBrokenDoesNotHideTheNext() throws Exception {
        dns.says("app.b.test", 60, "192.0.2.1").failsBelow("a.test");
        Resolver resolver = resolver(new ResolvConf(
                List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), dns.port())),
                List.of("a.test", "b.test"),
                1));

        assertThat(ask(resolver, "app", Family.IPV4)).isEqualTo(found(60, "192.0.2.1"));
        // It may be there.
        assertThat(ask(resolver, "other", Family.IPV4)).isInstanceOf(DnsAnswer.Failed.class);
    }

    // ---- each address a server

    @Test
    void serversOfANameKeepWhatIsKnownOfThemAsItMoves() throws Exception {
        dns.says("app.test", 1, "127.0.0.2", "127.0.0.3");
        BackendWatch watch = watch(directory.resolve("none"), directory.resolve("none"), dns.port());
        Backend backend = follow(watch, Resolve.EACH, "app.test");
        assertThat(backend.servers())
                .extracting(Server::name)
                .containsExactlyInAnyOrder("127.0.0.2:80", "127.0.0.3:80");
        Server stays = backend.servers().stream()
                .filter(server -> server.name().equals("127.0.0.3:80"))
                .findFirst()
                .orElseThrow();
        Server goes = backend.servers().stream()
                .filter(server -> !server.equals(stays))
                .findFirst()
                .orElseThrow();
        stays.tryBegin();

        dns.says("app.test", 1, "::1", "127.0.0.3");

        await().until(() -> goes.isRetired());
        assertThat(backend.servers()).contains(stays).extracting(Server::name).contains("[::1]:80");
        assertThat(stays.inFlight()).isEqualTo(1);
        assertThat(stays.isRetired()).isFalse();
        watch.close();
    }

    @Test
    void nameThatIsNowhereIsAServerThatCannotBeReached() throws Exception {
        BackendWatch watch = watch(directory.resolve("none"), directory.resolve("none"), dns.port());
        Backend backend = follow(watch, Resolve.EACH, "app.test");

        assertThat(backend.servers()).extracting(Server::name).containsExactly("app.test:80");
        assertThat(backend.servers().get(0).addresses()).isEmpty();

        dns.says("app.test", 60, "127.0.0.2");
        await().until(() -> backend.servers().get(0).name().equals("127.0.0.2:80"));
        watch.close();
    }

    @Test
    void addressOfTwoNamesIsOneServer() throws Exception {
        dns.says("app.test", 60, "127.0.0.2").says("other.test", 60, "127.0.0.2", "127.0.0.3");
        BackendWatch watch = watch(directory.resolve("none"), directory.resolve("none"), dns.port());

        Backend backend = follow(watch, Resolve.EACH, "app.test", "other.test");

        assertThat(backend.servers()).extracting(Server::name).containsExactly("127.0.0.2:80", "127.0.0.3:80");
        watch.close();
    }

    // ---- a real DNS server

    @Test
    void bindIsUnderstood() throws Exception {
        String many = IntStream.rangeClosed(1, 90)
                .mapToObj(i -> "many 7 IN A 10.0.0." + i + "\n")
                .collect(Collectors.joining());
        try (BindServer bind = BindServer.serving(directory.resolve("bind"), "app.test", """
                both 20 IN A 192.0.2.4
                both 30 IN AAAA 2001:db8::4
                alias 5 IN CNAME both
                text IN TXT "x"
                dangling IN CNAME nothing
                """ + many)) {
            Resolver resolver = resolver(ResolvConf.of(List.of(bind.address())));

            assertThat(ask(resolver, "both.app.test", Family.IPV4)).isEqualTo(found(20, "192.0.2.4"));
            assertThat(ask(resolver, "both.app.test", Family.IPV6)).isEqualTo(found(30, "2001:db8::4"));
            assertThat(ask(resolver, "alias.app.test", Family.IPV6)).isEqualTo(found(5, "2001:db8::4"));
            assertThat(ask(resolver, "text.app.test", Family.IPV4)).isEqualTo(new DnsAnswer.None("no address"));
            assertThat(ask(resolver, "dangling.app.test", Family.IPV4)).isEqualTo(new DnsAnswer.None("no such name"));
            assertThat(ask(resolver, "nothing.app.test", Family.IPV6)).isEqualTo(new DnsAnswer.None("no such name"));
            assertThat(ask(resolver, "elsewhere.test", Family.IPV6))
                    .isInstanceOfSatisfying(
                            DnsAnswer.Failed.class,
                            failed -> assertThat(failed.why())
                                    .isEqualTo("DNS server 127.0.0.1:" + bind.port() + ": answers Refused(5)"));
            // Longer than a datagram: TCP.
            assertThat(ask(resolver, "many.app.test", Family.IPV4))
                    .isInstanceOfSatisfying(DnsAnswer.Found.class, found -> {
                        assertThat(found.addresses()).hasSize(90);
                        assertThat(found.lifetime()).isEqualTo(Duration.ofSeconds(7));
                    });
            resolver.close();
        }
    }

    @Test
    void silenceIsAFailure() throws Exception {
        dns.isSilent(true);
        Resolver resolver =
                resolver(ResolvConf.of(List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), dns.port()))));

        assertThat(ask(resolver, "app.test", Family.IPV4))
                .isEqualTo(new DnsAnswer.Failed("DNS server 127.0.0.1:" + dns.port() + ": no answer within 3000 ms"));
    }

    private Resolver resolver(ResolvConf conf) {
        return new DnsResolver(loop, NioDatagramChannel.class, NioSocketChannel.class, conf);
    }

    private DnsAnswer ask(Resolver resolver, String host, Family family) throws Exception {
        CompletableFuture<DnsAnswer> answer = new CompletableFuture<>();
        loop.execute(() -> resolver.ask(host, family, answer::complete));
        return answer.get(20, TimeUnit.SECONDS);
    }

    private static DnsAnswer found(int ttl, String address) throws Exception {
        return new DnsAnswer.Found(List.of(server(address).getAddress()), Duration.ofSeconds(ttl));
    }

    private static InetSocketAddress server(String address) throws Exception {
        return new InetSocketAddress(InetAddress.getAllByName(address)[0], 53);
    }

    private BackendWatch watch(Path hosts, Path resolvConf, int resolver) {
        return BackendWatch.start(
                new BackendWatch.Surroundings(
                        loop,
                        new SocketTypes(NioSocketChannel.class, NioDomainSocketChannel.class),
                        NioDatagramChannel.class,
                        hosts,
                        resolvConf,
                        new ServerBudget(100, 100, 0)),
                List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), resolver)),
                background,
                InstantSource.system(),
                new Random(1));
    }

    private Backend follow(BackendWatch watch, Resolve resolve, String... names) {
        Configuration.Backend config = new Configuration.Backend(
                "web",
                Balance.ROUND_ROBIN,
                List.of(names).stream()
                        .map(name -> new Configuration.Server(name, 80, 1, false, 0, false, resolve))
                        .toList(),
                null);
        watch.resolve(List.of(config));
        Backend backend = watch.backend(config);
        watch.follow(
                List.of(backend),
                List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), dns.port())),
                Duration.ofSeconds(1));
        return backend;
    }

    private static List<String> addresses(Backend backend, int server) {
        return backend.servers().get(server).addresses().stream()
                .map(address -> ((InetSocketAddress) address).getAddress().getHostAddress())
                .toList();
    }
}
