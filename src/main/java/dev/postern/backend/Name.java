package dev.postern.backend;

import dev.postern.backend.Resolver.Family;
import dev.postern.config.Configuration;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A name that servers are given by, and where that is: asked for anew when the answer ends, and at once when somebody
 * {@linkplain #doubt doubts} it. One question at a time, whoever asks. What is known is never given up for want of an
 * answer; only a name that does not exist any more, and has not come back for {@link #HOLD}, is nowhere.
 */
final class Name {
    private static final Logger LOG = LoggerFactory.getLogger(Name.class);

    /** As in HAProxy ({@code hold nx}): a zone that is being edited, or a server that restarts, may lose a name for a moment. */
    static final Duration HOLD = Duration.ofSeconds(30);

    /** A TTL of 0 means that an answer is not to be kept, and not that the server is to be asked without end. */
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    /** As in HAProxy ({@code hold valid}): servers that come are not to wait for the end of somebody's long TTL. */
    private static final Duration LONGEST = Duration.ofSeconds(10);

    /** After a question that brought nothing: longer each time, up to this. */
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);

    /** How long the answer for one family is waited for when that for the other is there (RFC 8305 §3). */
    private static final long RESOLUTION_DELAY_MILLIS = 50;

    /** Nobody needs to hear of an answer who has that many before him. */
    private static final int MOST_WAITING = 1000;

    private static final long NEVER = Long.MIN_VALUE;

    private final String host;
    /** Null for what is an address itself. */
    private final @Nullable Names names;
    // Replaced on the event loop; read by any thread. The one to be tried first is first.
    private volatile List<InetAddress> addresses;

    // ---- on the event loop only

    private final Map<Family, List<InetAddress>> known = new EnumMap<>(Family.class);
    private final Map<Family, DnsAnswer> answers = new EnumMap<>(Family.class);
    private final List<Runnable> waiting = new ArrayList<>();
    private boolean asking;
    /** Of the questions under way; answers to others come too late. */
    private int round;

    /** Null for what is reached over the network. */
    private final @Nullable UnixDomainSocketAddress socket;

    private @Nullable ScheduledFuture<?> next;
    private @Nullable ScheduledFuture<?> early;
    private long answeredNanos = NEVER;
    private long goneNanos = NEVER;
    private int failures;

    private Name(String host, @Nullable Names names, List<InetAddress> addresses) {
        this.socket = host.startsWith(Configuration.Server.SOCKET)
                ? UnixDomainSocketAddress.of(host.substring(Configuration.Server.SOCKET.length()))
                : null;
        this.host = host;
        this.names = names;
        this.addresses = addresses;
    }

    static Name literal(InetAddress address) {
        return new Name(NetUtil.toAddressString(address), null, List.of(address));
    }

    /** For whoever asks nobody, and for sockets, which nobody has to be asked for. */
    static Name nowhere(String host) {
        return new Name(host, null, List.of());
    }

    static Name asked(String host, Names names) {
        return new Name(host, names, List.of());
    }

    /** Whether it is a name indeed, and not an address. */
    boolean mayMove() {
        return names != null;
    }

    /** Where it is now; nothing where that is not known. Any thread. */
    List<InetAddress> addresses() {
        return addresses;
    }

    /** As {@link #addresses()}; a UNIX socket has no port. */
    List<SocketAddress> addresses(int port) {
        return socket != null
                ? List.of(socket)
                : addresses.stream()
                        .<SocketAddress>map(address -> new InetSocketAddress(address, port))
                        .toList();
    }

    /**
     * Asks anew, at most once a second: somebody could not reach it where it is said to be. Any thread.
     *
     * @param answered called on the event loop once there is an answer; soon where it was asked a moment ago
     */
    void doubt(Runnable answered) {
        if (names == null) {
            answered.run();
            return;
        }
        names.loop().execute(() -> {
            boolean fresh = !asking && answeredNanos != NEVER && now() - answeredNanos < SHORTEST.toNanos();
            if (fresh || waiting.size() >= MOST_WAITING) {
                answered.run();
                return;
            }
            waiting.add(answered);
            ask();
        });
    }

    /** On the event loop. */
    void ask() {
        Names asked = names;
        if (asking || asked == null || asked.isClosed()) {
            return;
        }
        asking = true;
        int mine = ++round;
        answers.clear();
        List<InetAddress> own = asked.hosts().of(host);
        if (!own.isEmpty()) {
            // What an operator has written holds until he writes something else.
            for (Family family : Family.values()) {
                answers.put(
                        family,
                        new DnsAnswer.Found(
                                own.stream()
                                        .filter(address -> family(address) == family)
                                        .toList(),
                                Duration.ofDays(1)));
            }
            settle(asked);
            return;
        }
        for (Family family : asked.families()) {
            asked.resolver().ask(host, family, answer -> {
                if (mine == round) {
                    heard(asked, family, answer);
                }
            });
        }
    }

    private static Family family(InetAddress address) {
        return address.getAddress().length == 4 ? Family.IPV4 : Family.IPV6;
    }

    private void heard(Names asked, Family family, DnsAnswer answer) {
        answers.put(family, answer);
        if (answers.size() == asked.families().size()) {
            settle(asked);
        } else if (answer instanceof DnsAnswer.Found) {
            early = asked.loop().schedule(this::tell, RESOLUTION_DELAY_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void settle(Names asked) {
        asking = false;
        answeredNanos = now();
        if (early != null) {
            early.cancel(false);
            early = null;
        }
        tell();
        schedule(asked);
    }

    /** What is known so far is what holds. */
    private void tell() {
        publish();
        List<Runnable> heard = List.copyOf(waiting);
        waiting.clear();
        heard.forEach(Runnable::run);
    }

    private void publish() {
        Map<Family, List<InetAddress>> now = new EnumMap<>(Family.class);
        for (Family family : Family.values()) {
            DnsAnswer answer = answers.get(family);
            if (answer instanceof DnsAnswer.Found found) {
                now.put(family, found.addresses());
            } else if (!(answer instanceof DnsAnswer.None)) {
                // Not answered, or not yet.
                now.put(family, known.getOrDefault(family, List.of()));
            }
        }
        List<InetAddress> all =
                interleaved(now.getOrDefault(Family.IPV4, List.of()), now.getOrDefault(Family.IPV6, List.of()));
        if (all.isEmpty() && !addresses.isEmpty() && isHeld()) {
            return;
        }
        known.clear();
        known.putAll(now);
        if (!all.isEmpty()) {
            goneNanos = NEVER;
        }
        if (!new HashSet<>(all).equals(new HashSet<>(addresses))) {
            addresses = all;
            if (!all.isEmpty()) {
                LOG.info("name {}: is at {}", host, text());
            }
            if (names != null) {
                names.moved(this);
            }
        }
    }

    /** Whether a name that is said to be gone is still taken to be where it was. */
    private boolean isHeld() {
        long now = now();
        if (goneNanos == NEVER) {
            goneNanos = now;
            LOG.warn("name {}: {}; taken to be at {} for {} s more", host, why(), text(), HOLD.toSeconds());
        }
        boolean held = now - goneNanos < HOLD.toNanos();
        if (!held) {
            LOG.warn("name {}: {}; no longer taken to be at {}", host, why(), text());
        }
        return held;
    }

    /**
     * In turn one of each family (<a href="https://datatracker.ietf.org/doc/html/rfc8305#section-4">RFC 8305 §4</a>), IPv4
     * first: a server that is sent to by name is often told to trust 127.0.0.1, and seldom ::1.
     */
    private static List<InetAddress> interleaved(List<InetAddress> ipv4, List<InetAddress> ipv6) {
        List<InetAddress> all = new ArrayList<>(ipv4.size() + ipv6.size());
        for (int i = 0; i < Math.max(ipv4.size(), ipv6.size()); i++) {
            if (i < ipv4.size()) {
                all.add(ipv4.get(i));
            }
            if (i < ipv6.size()) {
                all.add(ipv6.get(i));
            }
        }
        return List.copyOf(all);
    }

    // ---- when to ask next

    /** By the clock of the event loop, as its timers are. */
    private long now() {
        return names == null ? NEVER : names.loop().ticker().nanoTime();
    }

    private void schedule(Names asked) {
        if (next != null) {
            next.cancel(false);
            next = null;
        }
        Duration delay = delay();
        if (asked.follows(this)) {
            next = asked.loop().schedule(this::ask, delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private Duration delay() {
        Duration delay = LONGEST;
        boolean found = false;
        for (DnsAnswer answer : answers.values()) {
            if (answer instanceof DnsAnswer.Found some && !some.addresses().isEmpty()) {
                found = true;
                delay = some.lifetime().compareTo(delay) < 0 ? some.lifetime() : delay;
            }
        }
        if (found) {
            if (failures > 1) {
                LOG.info("name {}: found again, at {}", host, text());
            }
            failures = 0;
            return delay.compareTo(SHORTEST) < 0 ? SHORTEST : delay;
        }
        failures++;
        complain();
        return min(SHORTEST.multipliedBy(Math.min(failures, 60)), LONGEST_RETRY);
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    /** Once for a row of failures; one packet may get lost. */
    private void complain() {
        if (addresses.isEmpty() && failures == 1) {
            LOG.warn("name {}: {}; asked again and again", host, why());
        } else if (!addresses.isEmpty() && failures == 2 && goneNanos == NEVER) {
            LOG.warn("name {}: {}; taken to be at {} until there is an answer", host, why(), text());
        }
    }

    private String why() {
        return answers.values().stream()
                .map(answer -> answer instanceof DnsAnswer.Failed failed
                        ? failed.why()
                        : answer instanceof DnsAnswer.None none ? none.why() : "no address")
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private String text() {
        return addresses.stream().map(NetUtil::toAddressString).collect(Collectors.joining(", "));
    }

    /** To be asked from now on when the answer ends, beginning now where there is none. On the event loop. */
    void begin() {
        if (next == null && names != null && !asking) {
            if (answeredNanos == NEVER) {
                ask();
            } else {
                schedule(names);
            }
        }
    }

    /** Not asked any more. On the event loop. */
    void end() {
        if (next != null) {
            next.cancel(false);
            next = null;
        }
    }

    /** On the event loop: whom to ask, or what this host says itself, is another. */
    void askAnew() {
        asking = false;
        round++;
        ask();
    }

    @Override
    public String toString() {
        return host;
    }
}
