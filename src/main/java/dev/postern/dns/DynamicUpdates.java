package dev.postern.dns;

import dev.postern.config.Dns01;
import dev.postern.config.SecretFile;
import dev.postern.config.Tsig;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TSIG;
import org.xbill.DNS.TSIGRecord;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;
import org.xbill.DNS.Update;

/**
 * TXT records by dynamic updates (<a href="https://datatracker.ietf.org/doc/html/rfc2136">RFC 2136</a>), signed where there
 * is a key (<a href="https://datatracker.ietf.org/doc/html/rfc8945">RFC 8945</a>).
 */
final class DynamicUpdates implements TxtRecords {
    private static final Logger LOG = LoggerFactory.getLogger(DynamicUpdates.class);

    /** A primary may write its journal to a slow disk before it answers. */
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Longer chains of aliases are loops. */
    private static final int MOST_ALIASES = 8;

    private final Dns01.DynamicUpdate config;
    private final @Nullable TSIG tsig;
    private final Lookup lookup;
    private final int authorityPort;

    /**
     * @param lookup for names that the server does not know
     * @param authorityPort where authoritative servers answer
     * @throws IOException where the secret cannot be read; names the file
     */
    DynamicUpdates(Dns01.DynamicUpdate config, Lookup lookup, int authorityPort) throws IOException {
        this.config = config;
        this.lookup = lookup;
        this.authorityPort = authorityPort;
        this.tsig = config.tsig() == null ? null : tsig(config.tsig());
    }

    private static TSIG tsig(Tsig tsig) throws IOException {
        try {
            byte[] secret = SecretFile.base64(tsig.secretFile());
            return new TSIG(TSIG.algorithmToName(tsig.algorithm()), Questions.name(tsig.name()), secret);
        } catch (IOException e) {
            throw new IOException(tsig.secretFile() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Place add(Name name, String value) throws IOException {
        Name at = target(name);
        Place place = new Place(at, zone(at));
        Update update = new Update(zoneOf(place));
        update.add(record(at, value));
        send(update, place);
        return place;
    }

    @Override
    public void remove(Name name, Place place, String value) throws IOException {
        Update update = new Update(zoneOf(place));
        update.delete(record(place.at(), value));
        send(update, place);
    }

    private static Name zoneOf(Place place) throws IOException {
        if (place.zone() == null) {
            throw new IOException(Questions.text(place.at()) + ": no zone");
        }
        return place.zone();
    }

    private Record record(Name at, String value) {
        return new TXTRecord(at, DClass.IN, config.ttl().toSeconds(), value);
    }

    // ---- where

    /** The end of the chain of aliases: asked of the server where it knows, else of the DNS at large. */
    private Name target(Name name) throws IOException {
        Name at = name;
        for (int i = 0; i < MOST_ALIASES; i++) {
            Message answer = ask(at, Type.TXT);
            Name next = null;
            for (Record each : answer.getSection(Section.ANSWER)) {
                if (each instanceof CNAMERecord alias && alias.getName().equals(at)) {
                    next = alias.getTarget();
                }
            }
            if (next == null && !isAuthoritative(answer)) {
                next = targetElsewhere(at);
            }
            if (next == null || next.equals(at)) {
                return at;
            }
            LOG.debug("dns-01: {} is an alias of {}", at, next);
            at = next;
        }
        throw new IOException(Questions.text(name) + " is an alias of an alias, over " + MOST_ALIASES + " times");
    }

    private @Nullable Name targetElsewhere(Name at) throws IOException {
        try {
            return lookup.target(at);
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            LOG.debug("dns-01: {}: taken for no alias", at, e);
            return null;
        }
    }

    private Name zone(Name at) throws IOException {
        if (config.zone() != null) {
            Name zone = Questions.name(config.zone());
            if (!at.subdomain(zone)) {
                throw new IOException(Questions.text(at) + " is not in the zone " + config.zone()
                        + " (expected: a name in it, an alias of one, or dns-01 without zone)");
            }
            return zone;
        }
        Name delegated = null;
        for (Name name = at; name.labels() > 1; name = new Name(name, 1)) {
            Message answer = ask(name, Type.SOA);
            Name soa = soa(answer, name);
            if (soa != null && isAuthoritative(answer)) {
                if (delegated != null && delegated.subdomain(soa) && !delegated.equals(soa)) {
                    throw new IOException(serverText() + " is not authoritative for " + Questions.text(at)
                            + ": it delegates " + Questions.text(delegated)
                            + " (expected: the server of that zone as dns-01.server)");
                }
                return soa;
            }
            for (Record each : answer.getSection(Section.AUTHORITY)) {
                if (delegated == null && each instanceof NSRecord && at.subdomain(each.getName())) {
                    delegated = each.getName();
                }
            }
        }
        throw new IOException(serverText() + " is authoritative for no zone that holds " + Questions.text(at)
                + " (expected: the primary server of its zone as dns-01.server)");
    }

    private static @Nullable Name soa(Message answer, Name name) {
        for (int section : new int[] {Section.ANSWER, Section.AUTHORITY}) {
            for (Record each : answer.getSection(section)) {
                if (each instanceof SOARecord && name.subdomain(each.getName())) {
                    return each.getName();
                }
            }
        }
        return null;
    }

    private static boolean isAuthoritative(Message answer) {
        return answer.getHeader().getFlag(Flags.AA);
    }

    // ---- asking the server

    @Override
    public List<InetSocketAddress> standIns() throws IOException {
        List<InetSocketAddress> servers = new ArrayList<>();
        try {
            for (InetAddress address : InetAddress.getAllByName(config.host())) {
                servers.add(new InetSocketAddress(address, config.port()));
            }
        } catch (UnknownHostException e) {
            throw new IOException("dns-01.server: \"" + config.host() + "\" has no address", e);
        }
        return servers;
    }

    private Message ask(Name name, int type) throws IOException {
        return any(Questions.question(name, type, false), null);
    }

    /** One that has several addresses is one server: the first that answers at all. */
    private Message any(Message question, @Nullable TSIG key) throws IOException {
        IOException last = new IOException(serverText() + " has no address");
        for (InetSocketAddress server : standIns()) {
            try {
                return Questions.exchange(server, question, key, LIMIT);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                last = e;
            }
        }
        throw new IOException("dns-01.server " + last.getMessage(), last);
    }

    private void send(Update update, Place place) throws IOException {
        Message answer = any(update, tsig);
        int rcode = answer.getRcode();
        if (rcode == Rcode.NOERROR && tsig != null && !answer.isVerified()) {
            throw new IOException(refusal(place) + "its answer is not signed with our key, and may be anybody's");
        }
        if (rcode != Rcode.NOERROR) {
            throw new IOException(refusal(place) + words(rcode, answer.getTSIG()));
        }
    }

    private String refusal(Place place) throws IOException {
        return serverText() + ": update of " + Questions.text(place.at()) + " in the zone "
                + Questions.text(zoneOf(place)) + ": ";
    }

    private String serverText() {
        return "dns-01.server " + config.host() + (config.port() == 53 ? "" : ":" + config.port());
    }

    private String words(int rcode, @Nullable TSIGRecord signature) {
        String key = config.tsig() == null ? "" : config.tsig().name();
        if (rcode == Rcode.NOTAUTH && signature != null && signature.getError() != 0) {
            return switch (signature.getError()) {
                case Rcode.BADKEY ->
                    "BADKEY: it does not know the key \"" + key
                            + "\" (expected: a key of its configuration, with name and algorithm)";
                case Rcode.BADSIG -> "BADSIG: it knows the key \"" + key + "\", but with another secret or algorithm";
                case Rcode.BADTIME ->
                    "BADTIME: its clock and ours differ by more than 5 minutes" + serverTime(signature);
                default -> Rcode.TSIGstring(signature.getError());
            };
        }
        return switch (rcode) {
            case Rcode.REFUSED ->
                "REFUSED: it does not let "
                        + (key.isEmpty()
                                ? "us update that name without a key"
                                : "the key \"" + key + "\" update that name")
                        + " (expected: update-policy or allow-update of the zone to name it)";
            case Rcode.NOTAUTH ->
                "NOTAUTH: it is not the primary of the zone"
                        + (key.isEmpty() ? "" : ", or does not like the key \"" + key + "\"");
            case Rcode.NOTZONE -> "NOTZONE: the name is not in the zone";
            case Rcode.NOTIMP -> "NOTIMP: it takes no dynamic updates";
            case Rcode.SERVFAIL -> "SERVFAIL: it could not do it; its log says why";
            default -> Rcode.string(rcode);
        };
    }

    private static String serverTime(TSIGRecord signature) {
        byte[] other = signature.getOther();
        if (other == null || other.length != 6) {
            return "";
        }
        long seconds = 0;
        for (byte octet : other) {
            seconds = seconds << 8 | (octet & 0xff);
        }
        return ": it has " + Instant.ofEpochSecond(seconds);
    }

    // ---- the other servers

    @Override
    public List<Authority> authorities(Name zone) {
        List<Authority> authorities = new ArrayList<>();
        try {
            for (Name server : Lookup.names(ask(zone, Type.NS))) {
                for (InetAddress address : addresses(server)) {
                    authorities.add(
                            new Authority(Questions.text(server), new InetSocketAddress(address, authorityPort)));
                }
            }
        } catch (IOException e) {
            LOG.debug("dns-01: the servers of {}", zone, e);
        }
        return authorities;
    }

    private Set<InetAddress> addresses(Name server) throws IOException {
        Set<InetAddress> addresses = new HashSet<>();
        for (int type : new int[] {Type.A, Type.AAAA}) {
            for (Record each : ask(server, type).getSection(Section.ANSWER)) {
                if (each instanceof ARecord a) {
                    addresses.add(a.getAddress());
                } else if (each instanceof AAAARecord aaaa) {
                    addresses.add(aaaa.getAddress());
                }
            }
        }
        if (addresses.isEmpty()) {
            for (Lookup.Family family : Lookup.Family.values()) {
                addresses.addAll(lookup.addresses(server, family));
            }
        }
        return addresses;
    }
}
