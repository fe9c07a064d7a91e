package dev.postern.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postern.config.BindAddress;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sockets that a process did not bind: whose they are, and how they get from one process to another. */
class GivenSocketsTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @BeforeEach
    void requireEpoll() {
        assumeTrue(Epoll.isAvailable(), "descriptors need Netty's epoll transport");
    }

    private static GivenSockets.Given given(String listener, String bind, InetAddress address, int port) {
        return new GivenSockets.Given(listener, bind, new InetSocketAddress(address, port), 7);
    }

    @Test
    void listenerTakesWhatHasItsAddressAndNobodyTakesItTwice() {
        GivenSockets sockets = GivenSockets.of(List.of(given("", "", LOOPBACK, 443)));

        assertThat(sockets.has("https", new BindAddress(LOOPBACK, 443))).isTrue();
        assertThat(sockets.take("https", new BindAddress(null, 443))).isEmpty();
        assertThat(sockets.take("https", new BindAddress(LOOPBACK, 80))).isEmpty();
        assertThat(sockets.take("https", new BindAddress(LOOPBACK, 443))).containsExactly(7);
        assertThat(sockets.take("https", new BindAddress(LOOPBACK, 443))).isEmpty();
        assertThat(sockets.left()).isEmpty();
    }

    @Test
    void everyAddressIsEveryAddress() throws IOException {
        for (byte[] any : List.of(new byte[4], new byte[16])) {
            GivenSockets sockets = GivenSockets.of(List.of(given("", "", InetAddress.getByAddress(any), 443)));
            assertThat(sockets.has("https", new BindAddress(null, 443))).isTrue();
        }
    }

    // A name that is no listener's says so at the start; one that is another's must not be ignored.
    @Test
    void nameSaysWhoseItIs() {
        GivenSockets sockets = GivenSockets.of(List.of(given("admin", "", LOOPBACK, 443)));

        assertThat(sockets.take("https", new BindAddress(LOOPBACK, 443))).isEmpty();
        assertThat(sockets.take("admin", new BindAddress(LOOPBACK, 443))).containsExactly(7);
    }

    @Test
    void portThatTheSystemChoseIsFoundByWhatWasConfigured() {
        BindAddress any = new BindAddress(LOOPBACK, 0);
        GivenSockets sockets = GivenSockets.of(List.of(given("http", any.toString(), LOOPBACK, 40000)));

        assertThat(sockets.take("https", any)).isEmpty();
        assertThat(sockets.take("http", any)).containsExactly(7);
    }

    // Another name, or another address: the one before listens there until it is dismissed.
    @Test
    void portThatWeWereGivenIsInNobodysWay() throws Exception {
        try (ServerSocket before = new ServerSocket()) {
            before.bind(new InetSocketAddress(LOOPBACK, 0));
            int port = before.getLocalPort();
            GivenSockets sockets = GivenSockets.of(List.of(given("https", "", InetAddress.getByName("0.0.0.0"), port)));

            Listener.requireFree("renamed", List.of(new BindAddress(LOOPBACK, port)), sockets);

            assertThatThrownBy(() -> Listener.requireFree(
                            "renamed", List.of(new BindAddress(LOOPBACK, port)), GivenSockets.none()))
                    .isInstanceOf(CannotListen.class);
        }
    }

    // The process that handed them over waits for our end to have its port back, and we may try again without ending.
    @Test
    void descriptorsBehindOneThatCannotBeTakenAreClosed() throws Exception {
        Socket first = listening();
        FileDescriptor none = FileDescriptor.from("/dev/null");
        Socket behind = listening();
        String was = target(behind);
        InetSocketAddress address = first.localAddress();
        List<GivenSockets.Given> given = Stream.of(first, none, behind)
                .map(each -> new GivenSockets.Given("http", "", address, each.intValue()))
                .toList();
        Transport.EventLoops loops =
                Transport.EPOLL.loops(1, new DefaultThreadFactory("listener", true), Ticker.systemTicker());
        try (Listener listener = new Listener(
                "http",
                Transport.EPOLL,
                loops.all(),
                List.of(),
                GivenSockets.of(given),
                loop -> new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel client) {}
                })) {
            assertThatThrownBy(() ->
                            listener.bind(List.of(new BindAddress(address.getAddress(), address.getPort())), List.of()))
                    .isInstanceOf(CannotListen.class);

            assertThat(target(behind)).isNotEqualTo(was);
        } finally {
            var unused = loops.group().shutdownGracefully();
        }
    }

    /** Which socket a descriptor is of; empty for none. */
    private static String target(Socket socket) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + socket.intValue()))
                    .toString();
        } catch (IOException e) {
            return "";
        }
    }

    private static Socket listening() throws IOException {
        Socket socket = bound();
        socket.listen(1);
        return socket;
    }

    @Test
    void descriptorsArriveInOrderHoweverManyThereAre() throws IOException {
        // More than go in one connection.
        List<Socket> sockets = IntStream.range(0, 150).mapToObj(i -> bound()).toList();
        List<Integer> ports =
                sockets.stream().map(socket -> socket.localAddress().getPort()).toList();
        try (DescriptorInbox inbox = DescriptorInbox.open(new SecureRandom())) {
            DescriptorInbox.send(
                    inbox.name(), sockets.stream().map(Socket::intValue).toList());
            for (Socket socket : sockets) {
                socket.close();
            }
            List<Integer> taken = inbox.take(sockets.size());

            assertThat(taken.stream()
                            .map(descriptor ->
                                    new Socket(descriptor).localAddress().getPort())
                            .toList())
                    .isEqualTo(ports);
            DescriptorInbox.close(taken);
        }
    }

    @Test
    void fewerThanWereSaidIsAFailure() throws IOException {
        Socket socket = bound();
        try (DescriptorInbox inbox = DescriptorInbox.open(new SecureRandom())) {
            DescriptorInbox.send(inbox.name(), List.of(socket.intValue()));

            assertThatThrownBy(() -> inbox.take(2)).hasMessage("1 descriptors were sent (expected: 2)");
            assertThatThrownBy(() -> inbox.take(1)).hasMessage("no descriptors were sent");
        } finally {
            socket.close();
        }
    }

    private static Socket bound() {
        try {
            Socket socket = Socket.newSocketStream();
            socket.bind(new InetSocketAddress(LOOPBACK, 0));
            return socket;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, String> systemd(String count) {
        return Map.of(
                "LISTEN_FDS",
                count,
                "LISTEN_PID",
                Long.toString(ProcessHandle.current().pid()),
                "LISTEN_FDNAMES",
                "https");
    }

    // Descriptor 3 of a JVM is one of its own files.
    @Test
    void whatIsNoListeningSocketIsRefused() {
        assertThatThrownBy(() -> GivenSockets.ofSystemd(systemd("1")))
                .hasMessage(
                        "LISTEN_FDS: descriptor 3 (https): is no socket that listens for TCP (expected: ListenStream="
                                + " with an address and a port, and Accept=no, in the socket unit)");
        assertThatThrownBy(() -> GivenSockets.ofSystemd(systemd("one")))
                .hasMessage("LISTEN_FDS: \"one\" (expected: how many sockets there are)");
    }

    // A launcher's environment is inherited by whatever it starts.
    @Test
    void whatIsForAnotherProcessIsLeftAlone() throws IOException {
        assertThat(GivenSockets.ofSystemd(Map.of("LISTEN_FDS", "1", "LISTEN_PID", "1"))
                        .left())
                .isEmpty();
        assertThat(GivenSockets.ofSystemd(Map.of()).left()).isEmpty();
    }
}
