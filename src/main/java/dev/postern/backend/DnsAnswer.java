package dev.postern.backend;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/** What a DNS server said of the addresses of one family that a name has. */
sealed interface DnsAnswer {
    /** @param lifetime for which they are good: the TTL of the answer */
    record Found(List<InetAddress> addresses, Duration lifetime) implements DnsAnswer {}

    /** The name does not exist, or has no address of this family. */
    record None(String why) implements DnsAnswer {}

    /** There was no answer, or none that says anything. */
    record Failed(String why) implements DnsAnswer {}
}
