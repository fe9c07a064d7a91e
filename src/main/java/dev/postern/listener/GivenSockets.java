package dev.postern.listener;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.config.BindAddress;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sockets that listen already when this process starts: systemd holds them over a restart (socket activation), or the
 * Postern that this one replaces has handed them over. A listener takes what is bound to its addresses instead of binding
 * them, so that nobody is refused meanwhile, and nobody lost who waits to be accepted. Any thread.
 */
public final class GivenSockets {
    /** The first one that systemd passes, sd_listen_fds(3). */
    private static final int FIRST = 3;

    // <asm-generic/socket.h>, <asm-generic/fcntl.h>
    private static final int SOL_SOCKET = 1;
    private static final int SO_ACCEPTCONN = 30;
    private static final int O_NONBLOCK = 04000;

    /**
     * One of them. Several may be of one address, as each event loop has one of its own.
     *
     * @param listener that it is for; empty for whichever has the address
     * @param bind as that listener had it configured; empty where that is not known
     * @param descriptor of this process
     */
    public record Given(String listener, String bind, InetSocketAddress address, int descriptor) {
        boolean isFor(String name, BindAddress wanted) {
            if (!bind.isEmpty() && listener.equals(name) && bind.equals(wanted.toString())) {
                return true;
            }
            boolean isAddress = wanted.address() == null
                    ? address.getAddress().isAnyLocalAddress()
                    : wanted.address().equals(address.getAddress());
            return isAddress && address.getPort() == wanted.port() && (listener.isEmpty() || listener.equals(name));
        }
    }

    @GuardedBy("this") private final List<Given> left;

    private GivenSockets(Collection<Given> given) {
        this.left = new ArrayList<>(given);
    }

    public static GivenSockets none() {
        return new GivenSockets(List.of());
    }

    /** @param given closed in the end by whoever takes them */
    public static GivenSockets of(List<Given> given) {
        return new GivenSockets(given);
    }

    /**
     * What systemd passes, <a href="https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html">sd_listen_fds(3)</a>.
     * A name ({@code FileDescriptorName=}) without a dot says for which listener alone it is; by default it is that of the
     * unit, and says nothing.
     *
     * @param environment has {@code LISTEN_FDS} where there are any
     * @throws IOException one line: what is none that we can accept from
     */
    public static GivenSockets ofSystemd(Map<String, String> environment) throws IOException {
        String count = environment.getOrDefault("LISTEN_FDS", "");
        String pid = environment.getOrDefault("LISTEN_PID", "");
        if (count.isEmpty() || !pid.equals(Long.toString(ProcessHandle.current().pid()))) {
            return none();
        }
        if (!count.matches("[0-9]{1,4}")) {
            throw new IOException("LISTEN_FDS: \"" + count + "\" (expected: how many sockets there are)");
        }
        if (!Epoll.isAvailable()) {
            throw new IOException("LISTEN_FDS: sockets cannot be taken without Netty's native transport");
        }
        String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        List<Given> given = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(count); i++) {
            String name = i < names.length ? names[i] : "";
            given.add(ofSystemd(FIRST + i, name));
        }
        return new GivenSockets(given);
    }

    private static Given ofSystemd(int descriptor, String name) throws IOException {
        String where = "LISTEN_FDS: descriptor " + descriptor + (name.isEmpty() ? "" : " (" + name + ")") + ": ";
        InetSocketAddress address = listeningAt(descriptor);
        if (address == null) {
            throw new IOException(
                    where + "is no socket that listens for TCP (expected: ListenStream= with an address and a"
                            + " port, and Accept=no, in the socket unit)");
        }
        if (!isNonBlocking(descriptor)) {
            throw new IOException(
                    where + "would block who accepts there (expected: NonBlocking=yes in the service unit)");
        }
        boolean isName = !name.contains(".") && !name.equals("unknown");
        return new Given(isName ? name : "", "", address, descriptor);
    }

    /** Null where it does not listen for TCP. */
    private static @Nullable InetSocketAddress listeningAt(int descriptor) {
        try {
            Socket socket = new Socket(descriptor);
            return socket.getIntOpt(SOL_SOCKET, SO_ACCEPTCONN) == 0 ? null : socket.localAddress();
        } catch (IOException | ChannelException e) {
            return null;
        }
    }

    private static boolean isNonBlocking(int descriptor) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + descriptor))) {
            if (line.startsWith("flags:")) {
                return (Integer.parseInt(line.substring("flags:".length()).strip(), 8) & O_NONBLOCK) != 0;
            }
        }
        return true;
    }

    /** Those for one address of a listener, which closes them from now on; none where there are none. */
    synchronized List<Integer> take(String name, BindAddress wanted) {
        List<Integer> taken = new ArrayList<>();
        left.removeIf(one -> one.isFor(name, wanted) && taken.add(one.descriptor));
        return List.copyOf(taken);
    }

    /** Whether nobody need bind that. */
    synchronized boolean has(String name, BindAddress wanted) {
        return left.stream().anyMatch(one -> one.isFor(name, wanted));
    }

    /** Whether one has that port at any address, and whichever listener it is for. */
    synchronized boolean hasPort(int port) {
        return left.stream().anyMatch(one -> one.address.getPort() == port);
    }

    /** What nobody has taken. */
    public synchronized List<Given> left() {
        return List.copyOf(left);
    }

    /** Closes what nobody has taken. */
    public synchronized void closeLeft() {
        DescriptorInbox.close(left.stream().map(Given::descriptor).toList());
        left.clear();
    }
}
