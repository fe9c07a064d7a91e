package dev.postern.identity;

import dev.postern.config.ClientCertificates;
import dev.postern.config.Site;
import dev.postern.machine.MachineErrors;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whom the clients of each site are asked to prove to be. Asked by any thread; followed and looked at by whichever thread, one
 * after the other.
 */
public final class ClientAuthorities {
    private static final Logger LOG = LoggerFactory.getLogger(ClientAuthorities.class);

    /** Whoever takes a certificate back does not want to wait; as for the files of tls to servers. */
    private static final long LOOK_SECONDS = 5;

    /**
     * Of one site.
     *
     * @param authority shared by all sites that name the same files
     */
    public record OfSite(ClientCertificates config, LiveAuthority authority) {}

    private final InstantSource clock;
    private Map<LiveAuthority.Source, LiveAuthority> bySource = Map.of();
    // Replaced by reloads; read by any thread.
    private volatile Map<String, OfSite> bySite = Map.of();

    /** Of files that are looked at by nobody but {@link #look}. */
    public ClientAuthorities(InstantSource clock) {
        this.clock = clock;
    }

    /** @param background where files are looked at from now on, which blocks */
    public static ClientAuthorities watching(ScheduledExecutorService background, InstantSource clock) {
        ClientAuthorities watching = new ClientAuthorities(clock);
        var unused = background.scheduleWithFixedDelay(watching::look, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
        return watching;
    }

    /** From now on the sites are these. */
    public synchronized void follow(Collection<Site> sites) {
        Map<LiveAuthority.Source, LiveAuthority> sources = new HashMap<>();
        Map<String, OfSite> next = new HashMap<>();
        for (Site site : sites) {
            ClientCertificates config = site.settings().clientCertificates();
            if (config != null) {
                LiveAuthority authority = sources.computeIfAbsent(LiveAuthority.Source.of(config), source -> {
                    LiveAuthority known = bySource.get(source);
                    return known == null ? new LiveAuthority(config, clock) : known;
                });
                authority.follow(config);
                next.put(site.name(), new OfSite(config, authority));
            }
        }
        bySource = Map.copyOf(sources);
        bySite = Map.copyOf(next);
    }

    /** Null where clients of this site are asked for nothing. */
    public @Nullable OfSite find(String site) {
        return bySite.get(site);
    }

    /** Reads files again that have changed, and tells of lists that have ended. Blocks; not on an event loop. */
    public synchronized void look() {
        try {
            bySource.values().forEach(LiveAuthority::look);
        } catch (RuntimeException | Error e) {
            MachineErrors.check(e);
            // Whatever it was: a schedule that throws is never run again.
            LOG.error("files of client-certificates: bug", e);
        }
    }

    /** When the first list ends of those that are looked into for a site, by site. */
    public Map<String, Instant> listsEnd() {
        Map<String, Instant> ends = new TreeMap<>();
        bySite.forEach((site, of) -> {
            Instant end = of.authority().listsEnd();
            if (end != null) {
                ends.put(site, end);
            }
        });
        return ends;
    }
}
