package dev.postern.listener;

import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Where another process of this user hands over descriptors: a UNIX socket without a file, unix(7), of a name that nobody
 * guesses, and to nobody but that user. What was sent is there at once, so that nobody waits. Needs Netty's native
 * transport; blocks for system calls only.
 */
public final class DescriptorInbox implements AutoCloseable {
    /** In one connection: what is on its way has to fit into its buffer. */
    private static final int AT_ONCE = 64;

    /** Of a name: so much that nobody finds it by trying. */
    private static final int NAME_BYTES = 16;

    /** Connections whose descriptors nobody has taken out yet: 64 sockets on each of 64 processors. */
    private static final int BACKLOG = 64;

    // <asm-generic/socket.h>, and struct ucred of unix(7).
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int UCRED_BYTES = 12;
    private static final int UID_AT = 4;

    private final String name;
    private final Socket socket;

    private DescriptorInbox(String name, Socket socket) {
        this.name = name;
        this.socket = socket;
    }

    public static DescriptorInbox open(RandomGenerator random) throws IOException {
        byte[] bytes = new byte[NAME_BYTES];
        random.nextBytes(bytes);
        String name = HexFormat.of().formatHex(bytes);
        Socket socket = Socket.newSocketDomain();
        try {
            socket.bind(address(name));
            socket.listen(BACKLOG);
            return new DescriptorInbox(name, socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Whoever is told may send. */
    public String name() {
        return name;
    }

    // The zero byte begins an abstract address.
    private static DomainSocketAddress address(String name) {
        return new DomainSocketAddress("\0postern-" + name);
    }

    /**
     * Takes out what was sent, in that order.
     *
     * @param count that was said to have been sent
     * @return descriptors of this process, to be closed by whoever calls
     * @throws IOException where there are fewer; then none is kept
     */
    public List<Integer> take(int count) throws IOException {
        List<Integer> taken = new ArrayList<>();
        try {
            while (taken.size() < count) {
                takeFromOne(taken, Math.min(AT_ONCE, count - taken.size()));
            }
            return List.copyOf(taken);
        } catch (IOException e) {
            close(taken);
            throw e;
        }
    }

    private void takeFromOne(List<Integer> taken, int expected) throws IOException {
        // 26: the longest address that it is ever told, an IPv6 one with its port and scope.
        int accepted = socket.accept(new byte[26]);
        if (accepted < 0) {
            throw new IOException("no descriptors were sent");
        }
        Socket from = new Socket(accepted);
        try {
            requireOurUser(from);
            for (int i = 0; i < expected; i++) {
                int descriptor = from.recvFd();
                if (descriptor <= 0) {
                    throw new IOException(i + " descriptors were sent (expected: " + expected + ")");
                }
                taken.add(descriptor);
            }
        } finally {
            from.close();
        }
    }

    /**
     * Sends them to the inbox of that name, of this process or of another one. They stay open here.
     *
     * @throws IOException where there is no such inbox of a process of this user
     */
    public static void send(String name, List<Integer> descriptors) throws IOException {
        for (int from = 0; from < descriptors.size(); from += AT_ONCE) {
            Socket to = Socket.newSocketDomain();
            try {
                to.connect(address(name));
                requireOurUser(to);
                for (int descriptor : descriptors.subList(from, Math.min(descriptors.size(), from + AT_ONCE))) {
                    if (to.sendFd(descriptor) < 0) {
                        throw new IOException("the inbox is full");
                    }
                }
            } finally {
                to.close();
            }
        }
    }

    /** Another descriptor of the same socket, dup(2): the JDK has no way to ask for one, and neither has Netty. */
    static int copy(int descriptor, RandomGenerator random) throws IOException {
        try (DescriptorInbox inbox = open(random)) {
            send(inbox.name, List.of(descriptor));
            return inbox.take(1).get(0);
        }
    }

    /** Nobody else may know the name; and whoever does is not believed. */
    private static void requireOurUser(Socket peer) throws IOException {
        ByteBuffer credentials = ByteBuffer.allocateDirect(UCRED_BYTES).order(ByteOrder.nativeOrder());
        peer.getRawOpt(SOL_SOCKET, SO_PEERCRED, credentials);
        int user = credentials.getInt(UID_AT);
        if (user != (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid")) {
            throw new IOException(
                    "the user " + user + " is at the other end (expected: the one that this process runs as)");
        }
    }

    /** Those that nobody wants. */
    public static void close(List<Integer> descriptors) {
        for (int descriptor : descriptors) {
            try {
                new FileDescriptor(descriptor).close();
            } catch (IOException e) {
                throw new IllegalStateException("descriptor " + descriptor, e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
