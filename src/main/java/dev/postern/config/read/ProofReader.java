package dev.postern.config.read;

import dev.postern.config.Addresses;
import dev.postern.config.ChallengeType;
import dev.postern.config.Dns01;
import dev.postern.config.Durations;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import dev.postern.config.Secret;
import dev.postern.config.Site;
import dev.postern.config.Tsig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads {@code challenges} and {@code dns-01}: those of {@code acme} hold for every site that has none of its own. */
final class ProofReader {
    private static final String CHALLENGES = "a list such as [http-01, tls-alpn-01]";
    private static final Scalar<ChallengeType> CHALLENGE =
            Scalar.oneOf(List.of(ChallengeType.values()), ChallengeType::text);

    private static final List<String> OF_UPDATE = List.of("server", "tsig", "zone", "ttl");
    private static final List<String> OF_EXEC = List.of("exec", "timeout");
    private static final List<String> KEYS =
            List.of("server", "tsig", "zone", "ttl", "exec", "timeout", "propagation", "resolvers");

    private static final int DNS_PORT = 53;

    /** Long enough for every cache in between to forget it while the operator is still looking. */
    private static final Duration TTL = Duration.ofSeconds(60);

    /** Secondaries that are notified have it within seconds; those that are asked to look come within minutes. */
    private static final Duration PROPAGATION = Duration.ofMinutes(2);

    /** An order as a whole has 15 minutes, in which two records may have to come one after the other. */
    private static final Duration LONGEST_PROPAGATION = Duration.ofMinutes(6);

    /** For one run of the program: an API that is slow, asked twice. */
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    private static final Scalar<Duration> WAIT = new Scalar<Duration>(
                    "a duration such as 30s or 2m, at most " + Durations.text(LONGEST_PROPAGATION), text -> {
                        Duration duration = Durations.POSITIVE.parse(text);
                        if (duration.compareTo(LONGEST_PROPAGATION) > 0) {
                            throw new NotUnderstood("is longer than an order lives");
                        }
                        return duration;
                    })
            .spelled(Durations.POSITIVE.spelling());
    private static final Scalar<Duration> WAIT_OR_OFF = new Scalar<Duration>(
                    WAIT.expected() + ", or off", text -> text.equals("off") ? Duration.ZERO : WAIT.parse(text))
            .spelled(WAIT.spelling().or("off", Duration.ZERO));
    private static final Scalar<Duration> SECONDS = new Scalar<Duration>("whole seconds, such as 60s or 5m", text -> {
                Duration duration = Durations.POSITIVE_OR_ZERO.parse(text);
                if (!duration.equals(Duration.ofSeconds(duration.toSeconds()))) {
                    throw new NotUnderstood("");
                }
                return duration;
            })
            .spelled(Durations.POSITIVE_OR_ZERO.spelling());
    private static final Scalar<ServerAddress> SERVER = new Scalar<>(
            "HOST or HOST:PORT, such as ns1.example.com, 192.0.2.53 or [2001:db8::53]:53", ProofReader::server);
    private static final Scalar<String> DNS_NAME =
            new Scalar<>("a name in the DNS such as example.com", HostName::server);

    /** As in BIND. The last two are broken for signatures, not for this use, and what old servers have. */
    private static final Scalar<String> ALGORITHM = Scalar.oneOf(
            List.of("hmac-sha256", "hmac-sha512", "hmac-sha384", "hmac-sha224", "hmac-sha1", "hmac-md5"), text -> text);

    /** How a site proves its names. */
    record Proof(List<ChallengeType> challenges, @Nullable Dns01 dns01) {}

    private final List<ChallengeType> challenges;
    private final boolean hasDns01;
    private final @Nullable Dns01 dns01;
    private final Section acme;
    private boolean missingWasTold;

    /** Reads the defaults. */
    ProofReader(Section acme) {
        this.acme = acme;
        this.challenges = challenges(acme.find("challenges", texts(Site.DEFAULT_CHALLENGES)), Site.DEFAULT_CHALLENGES);
        this.hasDns01 = acme.has("dns-01");
        this.dns01 = hasDns01 ? dns01(acme.section("dns-01", KEYS)) : null;
    }

    /** @param isAsked whether the site has anything to prove */
    Proof read(Section site, boolean isAsked) {
        boolean own = site.has("challenges");
        List<ChallengeType> types =
                challenges(isAsked ? site.find("challenges", texts(challenges)) : site.find("challenges"), challenges);
        boolean ownDns01 = site.has("dns-01");
        Dns01 dns = ownDns01 ? dns01(site.section("dns-01", KEYS)) : dns01;
        if (!types.contains(ChallengeType.DNS_01)) {
            if (ownDns01) {
                site.place("dns-01")
                        .problem(
                                "is not used: challenges has no dns-01 (expected: challenges: [dns-01], or with others)");
            }
            return new Proof(types, null);
        }
        if (!ownDns01 && !hasDns01 && (own || !missingWasTold)) {
            missingWasTold |= !own;
            (own ? site.place("challenges") : acme.place("challenges"))
                    .problem(
                            "dns-01 has no way to the DNS (expected: a section acme.dns-01, or dns-01 at the site, with"
                                    + " server or exec)");
        }
        return new Proof(types, dns);
    }

    private static List<String> texts(List<ChallengeType> types) {
        return types.stream().map(ChallengeType::text).toList();
    }

    private static List<ChallengeType> challenges(@Nullable Value value, List<ChallengeType> otherwise) {
        if (value == null) {
            return otherwise;
        }
        List<ChallengeType> types = new ArrayList<>();
        for (Value item : value.items(CHALLENGES)) {
            ChallengeType type = item.read(CHALLENGE);
            if (type != null && types.contains(type)) {
                item.problem(Quoted.of(type.text()) + " is given twice (expected: each one once)");
            } else if (type != null) {
                types.add(type);
            }
        }
        return types.isEmpty() ? Site.DEFAULT_CHALLENGES : List.copyOf(types);
    }

    private static @Nullable Dns01 dns01(Section section) {
        boolean update = section.has("server");
        boolean exec = section.has("exec");
        if (update == exec) {
            section.at()
                    .problem((update ? "has both server and exec" : "has neither server nor exec")
                            + " (expected: one of them)");
        }
        if (update != exec) {
            for (String key : update ? OF_EXEC : OF_UPDATE) {
                if (section.has(key)) {
                    section.place(key)
                            .problem("has no meaning beside " + (update ? "server" : "exec")
                                    + " (expected: no such key)");
                }
            }
        }
        Duration propagation = section.get("propagation", WAIT_OR_OFF, PROPAGATION);
        List<InetSocketAddress> resolvers = AddressesReader.resolvers(section.find("resolvers"));
        if (propagation.isZero() && section.has("resolvers")) {
            section.place("resolvers").problem("are not asked: propagation is off (expected: one of the two)");
        }
        if (exec) {
            List<Secret> command = Commands.read(section.place("exec"));
            Duration timeout = section.get("timeout", WAIT, TIMEOUT);
            return command.isEmpty() || update ? null : new Dns01.Exec(command, timeout, propagation, resolvers);
        }
        ServerAddress server = section.find("server", SERVER);
        Tsig tsig =
                section.has("tsig") ? tsig(section.section("tsig", List.of("name", "algorithm", "secret-file"))) : null;
        String zone = section.find("zone", DNS_NAME);
        Duration ttl = section.get("ttl", SECONDS, TTL);
        return server == null
                ? null
                : new Dns01.DynamicUpdate(server.host(), server.port(), tsig, zone, ttl, propagation, resolvers);
    }

    private static @Nullable Tsig tsig(Section tsig) {
        String name = tsig.require("name", DNS_NAME);
        String algorithm = tsig.get("algorithm", ALGORITHM, "hmac-sha256");
        Path secret = tsig.require("secret-file", FilePath.BASE64_SECRET);
        return name == null || secret == null ? null : new Tsig(name, algorithm, secret);
    }

    private static ServerAddress server(String text) throws NotUnderstood {
        if (text.contains("://")) {
            throw new NotUnderstood("is a URL");
        }
        InetAddress literal = Addresses.literal(text);
        if (literal != null) {
            return new ServerAddress(text.toLowerCase(Locale.ROOT), DNS_PORT);
        }
        boolean hasPort = text.startsWith("[") ? text.contains("]:") : text.contains(":");
        return ServerAddress.SCALAR.parse(hasPort ? text : text + ":" + DNS_PORT);
    }
}
