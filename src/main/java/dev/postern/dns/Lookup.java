package dev.postern.dns;

import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CAARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.ResolverConfig;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * What the DNS says, asked of recursive servers and nowhere else: neither {@code /etc/hosts} nor a cache of this process
 * has a say in it, for no CA knows them. Blocks for at most the deadline, each time. Safe for several threads.
 */
public final class Lookup {
    /** For one question: two tries at two servers, over UDP and TCP. */
    public static final Duration DEADLINE = Duration.ofSeconds(10);

    private final List<InetSocketAddress> servers;
    private final Duration deadline;
    private final MonotonicClock elapsed;

    /** Which kind of address. */
    public enum Family {
        IPV4,
        IPV6
    }

    /**
     * The CAA records that hold for a name.
     *
     * @param at the name that has them: the one that was asked for or one above it; empty where there are none
     * @param records none where every CA may certify the name
     */
    public record Caa(String at, List<CaaProperty> records) {}

    /**
     * <a href="https://datatracker.ietf.org/doc/html/rfc8659#section-4.1">RFC 8659 §4.1</a>.
     *
     * @param critical a CA that does not know the tag may not certify
     * @param tag as in the record: issue, issuewild, iodef, …
     */
    public record CaaProperty(boolean critical, String tag, String value) {}

    public Lookup(List<InetSocketAddress> servers, Duration deadline, MonotonicClock elapsed) {
        this.servers = List.copyOf(servers);
        this.deadline = deadline;
        this.elapsed = elapsed;
    }

    /** Asks the servers that this machine asks. */
    public static Lookup ofSystem(MonotonicClock elapsed) {
        return new Lookup(ResolverConfig.getCurrentConfig().servers(), DEADLINE, elapsed);
    }

    /**
     * The addresses of one family; none where the name does not exist, or has none of them.
     *
     * @throws IOException where there was no answer: no server, a timeout, SERVFAIL
     */
    public List<InetAddress> addresses(String name, Family family) throws IOException {
        return addresses(Questions.name(name), family);
    }

    List<InetAddress> addresses(Name name, Family family) throws IOException {
        Message answer = ask(name, family == Family.IPV4 ? Type.A : Type.AAAA);
        List<InetAddress> addresses = new ArrayList<>();
        for (Record each : answer.getSection(Section.ANSWER)) {
            if (each instanceof ARecord a) {
                addresses.add(a.getAddress());
            } else if (each instanceof AAAARecord aaaa) {
                addresses.add(aaaa.getAddress());
            }
        }
        return addresses;
    }

    /**
     * The CAA records that hold for {@code name}: its own, else those of the next name above that has some,
     * <a href="https://datatracker.ietf.org/doc/html/rfc8659#section-3">RFC 8659 §3</a>.
     *
     * @param name of a wildcard without its {@code *.}
     * @throws IOException where there was no answer, in which case no CA may certify
     */
    public Caa caa(String name) throws IOException {
        Name at = Questions.name(name);
        while (at.labels() > 1) {
            List<CaaProperty> properties = new ArrayList<>();
            for (Record each : ask(at, Type.CAA).getSection(Section.ANSWER)) {
                if (each instanceof CAARecord caa) {
                    properties.add(new CaaProperty((caa.getFlags() & 128) != 0, caa.getTag(), caa.getValue()));
                }
            }
            if (!properties.isEmpty()) {
                return new Caa(Questions.text(at), properties);
            }
            at = new Name(at, 1);
        }
        return new Caa("", List.of());
    }

    /** What {@code name} is an alias of, to the end of the chain; itself where it is none. */
    Name target(Name name) throws IOException {
        Name at = name;
        for (Record each : ask(name, Type.TXT).getSection(Section.ANSWER)) {
            if (each instanceof CNAMERecord alias && alias.getName().equals(at)) {
                at = alias.getTarget();
            }
        }
        return at;
    }

    /** The zone that {@code name} is in. */
    Name zone(Name name) throws IOException {
        Name at = name;
        while (true) {
            Message answer = ask(at, Type.SOA);
            for (int section : new int[] {Section.ANSWER, Section.AUTHORITY}) {
                for (Record each : answer.getSection(section)) {
                    if (each instanceof SOARecord && at.subdomain(each.getName())) {
                        return each.getName();
                    }
                }
            }
            if (at.labels() <= 1) {
                throw new IOException(Questions.text(name) + ": no zone found");
            }
            at = new Name(at, 1);
        }
    }

    /** The names of the authoritative servers of a zone. */
    List<Name> nameServers(Name zone) throws IOException {
        return names(ask(zone, Type.NS));
    }

    static List<Name> names(Message answer) {
        List<Name> names = new ArrayList<>();
        for (Record each : answer.getSection(Section.ANSWER)) {
            if (each instanceof NSRecord server) {
                names.add(server.getTarget());
            }
        }
        return names;
    }

    List<InetSocketAddress> servers() {
        return servers;
    }

    private Message ask(Name name, int type) throws IOException {
        return Questions.askAny(servers, name, type, deadline, elapsed);
    }
}
