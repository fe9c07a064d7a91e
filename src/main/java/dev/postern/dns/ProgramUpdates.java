package dev.postern.dns;

import dev.postern.config.Dns01;
import dev.postern.config.Secret;
import dev.postern.hook.Command;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Name;

/**
 * TXT records by a program of the operator's: {@code PROGRAM ARG… present|withdraw NAME VALUE}. What it is given is public;
 * what it needs to be let in is its own business.
 */
final class ProgramUpdates implements TxtRecords {
    private static final Logger LOG = LoggerFactory.getLogger(ProgramUpdates.class);

    private final Command command;
    private final Lookup lookup;
    private final int authorityPort;
    /** Whether anybody wants to know who is responsible for a name. */
    private final boolean looks;

    ProgramUpdates(Dns01.Exec config, Lookup lookup, int authorityPort) {
        this.command = new Command(Secret.texts(config.command()), config.timeout());
        this.lookup = lookup;
        this.authorityPort = authorityPort;
        this.looks = !config.propagation().isZero() && config.resolvers().isEmpty();
    }

    @Override
    public Place add(Name name, String value) throws IOException, InterruptedException {
        run("present", name, value);
        if (!looks) {
            return new Place(name, null);
        }
        try {
            // The program knows best where it put it; an alias is followed to look there.
            Name at = lookup.target(name);
            return new Place(at, lookup.zone(at));
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            LOG.debug("dns-01: where {} is", name, e);
            return new Place(name, null);
        }
    }

    @Override
    public void remove(Name name, Place place, String value) throws IOException, InterruptedException {
        run("withdraw", name, value);
    }

    private void run(String verb, Name name, String value) throws IOException, InterruptedException {
        String where = "dns-01.exec " + command.text() + " " + verb + " " + Questions.text(name) + ": ";
        Command.Outcome outcome;
        try {
            outcome = command.run(List.of(verb, Questions.text(name), value), Map.of(), "");
        } catch (IOException e) {
            throw new IOException(where + e.getMessage(), e);
        }
        if (!outcome.isSuccess()) {
            throw new IOException(where + outcome.text());
        }
        LOG.debug("{}{}", where, outcome.text());
    }

    @Override
    public List<Authority> authorities(Name zone) {
        List<Authority> authorities = new ArrayList<>();
        try {
            for (Name server : lookup.nameServers(zone)) {
                for (Lookup.Family family : Lookup.Family.values()) {
                    for (InetAddress address : lookup.addresses(server, family)) {
                        authorities.add(
                                new Authority(Questions.text(server), new InetSocketAddress(address, authorityPort)));
                    }
                }
            }
        } catch (IOException e) {
            LOG.debug("dns-01: the servers of {}", zone, e);
        }
        return authorities;
    }

    @Override
    public List<InetSocketAddress> standIns() {
        return lookup.servers();
    }
}
