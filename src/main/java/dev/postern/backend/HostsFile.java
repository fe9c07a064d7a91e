package dev.postern.backend;

import dev.postern.disk.WatchedFile;
import io.netty.resolver.HostsFileEntriesProvider;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /etc/hosts} as it was when it was last looked at: any thread may ask, one reads. */
final class HostsFile {
    private static final Logger LOG = LoggerFactory.getLogger(HostsFile.class);

    /**
     * This host, and never a matter of the DNS (<a
     * href="https://datatracker.ietf.org/doc/html/rfc6761#section-6.3">RFC 6761 §6.3</a>).
     */
    private static final String LOCALHOST = "localhost";

    private static final List<InetAddress> LOOPBACK = List.of(NetUtil.LOCALHOST4, NetUtil.LOCALHOST6);

    private final WatchedFile file;
    // Replaced by the thread that reads.
    private volatile Map<String, List<InetAddress>> entries = Map.of();

    HostsFile(Path path) {
        this.file = new WatchedFile(path);
        boolean unused = refresh();
    }

    /** Reads it anew where it has changed; returns whether it has. Blocks. */
    boolean refresh() {
        if (!file.hasChanged()) {
            return false;
        }
        Map<String, List<InetAddress>> next = new HashMap<>();
        try {
            HostsFileEntriesProvider read =
                    HostsFileEntriesProvider.parser().parse(file.path().toFile(), StandardCharsets.UTF_8);
            read.ipv4Entries().forEach((name, some) -> add(next, name, some));
            read.ipv6Entries().forEach((name, some) -> add(next, name, some));
        } catch (IOException e) {
            LOG.warn("{}: cannot be read: {}; what it said before holds", file.path(), e.toString());
            return false;
        }
        entries = next;
        return true;
    }

    private static void add(Map<String, List<InetAddress>> to, String name, List<InetAddress> some) {
        to.computeIfAbsent(name, n -> new ArrayList<>(some.size())).addAll(some);
    }

    /** What the file says of {@code host}; nothing where it does not name it. Any thread. */
    List<InetAddress> of(String host) {
        List<InetAddress> found = entries.getOrDefault(host.toLowerCase(Locale.ROOT), List.of());
        if (!host.equalsIgnoreCase(LOCALHOST)) {
            return found;
        }
        List<InetAddress> all = new ArrayList<>(found);
        LOOPBACK.stream().filter(each -> !all.contains(each)).forEach(all::add);
        return all;
    }
}
