package dev.postern.config.read;

import dev.postern.config.AddressRange;
import dev.postern.config.Alerts;
import dev.postern.config.Configuration;
import dev.postern.config.Durations;
import dev.postern.config.Limits;
import dev.postern.config.Listeners;
import dev.postern.config.LogSettings;
import dev.postern.config.TcpService;
import dev.postern.config.Timeouts;
import dev.postern.config.Tls;
import dev.postern.config.Tracing;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads the whole file, section by section, and goes on behind every mistake. */
final class ConfigurationReader {
    private static final List<String> KEYS = List.of(
            "listeners",
            "tls",
            "acme",
            "sites",
            "backends",
            "tcp",
            "trusted-proxies",
            "resolvers",
            "timeouts",
            "limits",
            "grace",
            "shutdown-delay",
            "hooks",
            "access-log",
            "alerts",
            "tracing",
            "control",
            Includes.KEY);

    private final Origin file;
    private final Surroundings surroundings;
    private final Problems problems;
    private final @Nullable Witness witness;

    ConfigurationReader(Origin file, Surroundings surroundings, @Nullable Witness witness) {
        this.file = file;
        this.surroundings = surroundings;
        this.problems = new Problems(witness);
        this.witness = witness;
    }

    Configuration read(String text) throws ConfigurationProblems {
        Environment environment = new Environment(surroundings.environment(), surroundings.environmentFile());
        Node root = new Composer(file, environment, problems).compose(text);
        if (root != null) {
            new Includes(environment, problems).into(root, file);
        } else if (problems.count() == 0) {
            problems.add(file, 0, "", "is empty (expected: at least sites and backends)");
        }
        Configuration configuration = root == null ? null : read(Value.root(root, file, problems));
        if (configuration == null || problems.count() > 0) {
            throw new ConfigurationProblems(file.name(), problems.lines());
        }
        if (witness != null && root != null) {
            witness.whole(Documents.of(root));
        }
        return configuration;
    }

    /** Reads what the witness has made up; what is wrong with it is nobody's mistake. */
    void explore(Node root) {
        new Includes(new Environment(surroundings.environment(), null), problems).into(root, file);
        Configuration unused = read(Value.root(root, file, problems));
    }

    private @Nullable Configuration read(Value root) {
        Section top = Section.of(root, KEYS);
        TakenAddresses addresses = new TakenAddresses();
        ListenersReader listenersReader = new ListenersReader(addresses, top.has("sites") || !top.has("tcp"));
        Listeners listeners = listenersReader.read(top.place("listeners"));
        Tls tls = TlsReader.read(top.section("tls", TlsReader.KEYS));
        Section acmeSection = top.section("acme", AcmeReader.KEYS);
        AcmeReader.Outcome acme = AcmeReader.read(
                acmeSection, top.section("control", ControlReader.KEYS), surroundings.store(), problems);
        BackendsReader backends = new BackendsReader(top.find("backends"));
        SitesReader sitesReader = new SitesReader(backends.backends(), new ProofReader(acmeSection), listeners.names());
        List<SitesReader.Entry> sites = sitesReader.read(
                top.has("tcp") ? top.find("sites") : top.require("sites", "a list of at least one site"));
        listenersReader.check(listeners, sites);
        List<TcpService> tcp = new TcpReader(backends.backends(), sites, addresses).read(top.find("tcp"));
        sitesReader.requireUse(sites, tcp);
        if (acme.issuersUnderstood()) {
            Issuance.check(acmeSection, acme.acme(), sites);
        }
        List<AddressRange> trustedProxies = AddressesReader.ranges(top.find("trusted-proxies"));
        List<InetSocketAddress> resolvers = AddressesReader.resolvers(top.find("resolvers"));
        Timeouts timeouts = LimitsReader.timeouts(top.section("timeouts", LimitsReader.TIMEOUTS));
        Limits limits = LimitsReader.limits(top.section("limits", LimitsReader.LIMITS));
        // Long enough for a page and most downloads, short of the 90 s after which systemd kills.
        Duration grace = top.get("grace", Durations.POSITIVE_OR_ZERO, Duration.ofSeconds(30));
        Duration shutdownDelay = top.get("shutdown-delay", Durations.POSITIVE_OR_ZERO, Duration.ZERO);
        Configuration.Hooks hooks = HooksReader.read(top.section("hooks", HooksReader.KEYS));
        LogSettings accessLog = AccessLogReader.read(top);
        Alerts alerts = AlertsReader.read(top);
        Tracing tracing = TracingReader.read(top);
        if (problems.count() > 0) {
            return null;
        }
        return new Configuration(
                listeners,
                tls,
                acme.acme(),
                sites.stream().map(SitesReader.Entry::site).toList(),
                Collections.unmodifiableMap(backends.backends()),
                tcp,
                trustedProxies,
                resolvers,
                timeouts,
                limits,
                grace,
                shutdownDelay,
                hooks,
                accessLog,
                alerts,
                tracing);
    }
}
