package dev.postern.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A DNS server over UDP on 127.0.0.1 that says what a test tells it, and says something else whenever the test wishes.
 * Remembers what it was asked. Names it was told nothing of do not exist.
 */
public final class TestDns implements AutoCloseable {
    private static final int NOERROR = 0;
    private static final int NXDOMAIN = 3;
    public static final int SERVFAIL = 2;
    public static final int REFUSED = 5;

    private static final int A = 1;
    private static final int CNAME = 5;
    private static final int AAAA = 28;

    private record Zone(int ttl, String alias, List<InetAddress> addresses) {}

    private final DatagramSocket socket;
    private final Map<String, Zone> zones = new ConcurrentHashMap<>();
    private final List<String> questions = new CopyOnWriteArrayList<>();
    private final ScheduledThreadPoolExecutor later = new ScheduledThreadPoolExecutor(1);
    private volatile int code = NOERROR;
    private volatile String broken = "";
    private volatile Duration delay = Duration.ZERO;
    private volatile boolean silent;
    private volatile boolean silentForIpv6;

    private TestDns() {
        try {
            this.socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread thread = new Thread(this::answerAll, "test-dns");
        thread.setDaemon(true);
        thread.start();
    }

    public static TestDns start() {
        return new TestDns();
    }

    /** As the configuration takes it. */
    public String address() {
        return "127.0.0.1:" + port();
    }

    public int port() {
        return socket.getLocalPort();
    }

    /** From now on {@code name} has these addresses, of both families; none for a name that exists and has none. */
    public TestDns says(String name, int ttl, String... addresses) {
        zones.put(
                name,
                new Zone(
                        ttl,
                        null,
                        Arrays.stream(addresses).map(TestDns::address).toList()));
        return this;
    }

    /** From now on {@code name} is another name for {@code alias}. */
    public TestDns aliases(String name, int ttl, String alias) {
        zones.put(name, new Zone(ttl, alias, List.of()));
        return this;
    }

    /** From now on {@code name} does not exist. */
    public void forgets(String name) {
        zones.remove(name);
    }

    /** Answers every question so, and says nothing; 0 to be well again. */
    public void fails(int responseCode) {
        code = responseCode;
    }

    /** Answers SERVFAIL for every name that ends so. */
    public void failsBelow(String domain) {
        broken = "." + domain;
    }

    public void takesItsTime(Duration longer) {
        delay = longer;
    }

    public void isSilent(boolean now) {
        silent = now;
    }

    /** As some do that have never heard of AAAA. */
    public void isSilentForIpv6(boolean now) {
        silentForIpv6 = now;
    }

    /** {@code A app.test} for each question so far. */
    public List<String> questions() {
        return questions;
    }

    public long questions(String wanted) {
        return questions.stream().filter(wanted::equals).count();
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void answerAll() {
        byte[] bytes = new byte[4096];
        while (!socket.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
                socket.receive(packet);
                byte[] question = Arrays.copyOf(bytes, packet.getLength());
                answer(question, (InetSocketAddress) packet.getSocketAddress());
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void answer(byte[] question, InetSocketAddress to) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(question).position(12);
        List<String> labels = new ArrayList<>();
        for (int length = in.get(); length > 0; length = in.get()) {
            byte[] label = new byte[length];
            in.get(label);
            labels.add(new String(label, StandardCharsets.US_ASCII));
        }
        int type = in.getShort();
        in.getShort();
        int end = in.position();
        String name = String.join(".", labels);
        questions.add((type == A ? "A " : type == AAAA ? "AAAA " : type + " ") + name);
        if (silent || (silentForIpv6 && type == AAAA)) {
            return;
        }
        byte[] response = response(question, end, name, type);
        var unused = later.schedule(() -> send(response, to), delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void send(byte[] response, InetSocketAddress to) {
        try {
            socket.send(new DatagramPacket(response, response.length, to));
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private byte[] response(byte[] question, int end, String name, int type) throws IOException {
        int count = 0;
        ByteArrayOutputStream records = new ByteArrayOutputStream();
        String owner = name;
        Zone zone = zones.get(owner);
        while (code == NOERROR && zone != null && zone.alias != null) {
            byte[] alias = encoded(zone.alias);
            record(records, owner, CNAME, zone.ttl, alias);
            count++;
            owner = zone.alias;
            zone = zones.get(owner);
        }
        if (code == NOERROR && zone != null) {
            for (InetAddress address : zone.addresses) {
                byte[] bytes = address.getAddress();
                if (bytes.length == (type == A ? 4 : 16)) {
                    record(records, owner, type, zone.ttl, bytes);
                    count++;
                }
            }
        }
        boolean isBroken = broken.length() > 1 && name.endsWith(broken);
        int result = isBroken ? SERVFAIL : code != NOERROR ? code : zone == null ? NXDOMAIN : NOERROR;
        ByteBuffer out = ByteBuffer.allocate(end + records.size());
        out.put(question, 0, end);
        out.putShort(2, (short) (0x8580 | result));
        out.putShort(4, (short) 1);
        out.putShort(6, (short) count);
        out.putInt(8, 0);
        out.put(records.toByteArray());
        return out.array();
    }

    private static void record(ByteArrayOutputStream to, String owner, int type, int ttl, byte[] content)
            throws IOException {
        to.write(encoded(owner));
        to.write(ByteBuffer.allocate(10)
                .putShort((short) type)
                .putShort((short) 1)
                .putInt(ttl)
                .putShort((short) content.length)
                .array());
        to.write(content);
    }

    private static byte[] encoded(String name) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String label : name.split("\\.", -1)) {
            bytes.write(label.length());
            bytes.write(label.getBytes(StandardCharsets.US_ASCII));
        }
        bytes.write(0);
        return bytes.toByteArray();
    }

    @Override
    public void close() {
        socket.close();
        later.shutdownNow();
    }
}
