package dev.postern.ca.acme;

import dev.postern.config.ChallengeType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How an {@link AcmeService}, and the {@link AcmeServer} around it, is to behave: the defaults, and a method for each thing that may differ.
 *
 * <p>Not safe for use by several threads; the server keeps what it read when it started.
 */
public final class AcmeOptions {
    /** As Let's Encrypt waits for an answer. */
    private static final Duration VALIDATION_TIMEOUT = Duration.ofSeconds(10);

    final Executor executor;
    final InstantSource clock;
    final SecureRandom random;

    InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private @Nullable Path state;
    private @Nullable ChallengeValidator validator;
    Transport transport = Transport.HTTPS;
    NameResolver resolver = NameResolver.SYSTEM;
    int validationPort = 80;
    Duration validationTimeout = VALIDATION_TIMEOUT;
    Duration certificateValidity = Duration.ofDays(90);
    Authorizations authorizations = Authorizations.REUSED;
    Finalization finalization = Finalization.AT_ONCE;
    Duration retryAfter = Duration.ofSeconds(1);
    Predicate<String> refuse = name -> false;
    AcmeProbe probe = AcmeProbe.NONE;
    int tlsAlpnPort = 443;
    TxtLookup txtLookup = TxtLookup.system();
    Set<ChallengeType> challenges = EnumSet.allOf(ChallengeType.class);
    Function<String, Optional<String>> caa = name -> Optional.empty();
    Map<String, AcmeProfile> profiles = Map.of();
    boolean renewalInfo = true;
    Duration renewalInfoRetryAfter = Duration.ofHours(6);
    Map<String, byte[]> externalKeys = Map.of();
    boolean externalAccountRequired;
    boolean externalKeysReused;
    AcmeLimits limits = AcmeLimits.NONE;
    AcmeFaults faults = new AcmeFaults(RandomGenerator.getDefault());

    boolean trustsSignatures;

    /** What the server speaks. */
    public enum Transport {
        HTTPS,
        /**
         * Against <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.1">RFC 8555 §6.1</a>; for tools that
         * look at the traffic.
         */
        HTTP
    }

    /** For orders of names that the account has proven before. */
    public enum Authorizations {
        /** They need not be proven again for a while, as with public CAs. */
        REUSED,
        /** Every order is validated. */
        FRESH
    }

    /** When a finalized order has its certificate. A client must cope with either. */
    public enum Finalization {
        /** Before the request to finalize is answered. */
        AT_ONCE,
        /** A moment after; until then the order is {@code processing}. */
        LATER
    }

    /**
     * Everything by default: HTTPS on any port of the loopback address, nothing kept on disk, validation at port 80,
     * certificates for 90 days.
     *
     * @param executor runs what waits for the network: the port, each connection as long as it is open, and validations,
     *     several at once; should be unbounded. Without a network it may be {@code Runnable::run}
     */
    public AcmeOptions(Executor executor, InstantSource clock, SecureRandom random) {
        this.executor = executor;
        this.clock = clock;
        this.random = random;
    }

    /** Port 0 is any port; with a {@link #state} folder, the one it had before where that is still free. */
    public AcmeOptions bind(InetSocketAddress address) {
        bind = address;
        return this;
    }

    /** Keeps accounts, and the port that is part of their URLs, in this folder. */
    public AcmeOptions state(Path directory) {
        state = directory;
        return this;
    }

    public AcmeOptions transport(Transport value) {
        transport = value;
        return this;
    }

    /** Where the names to be validated are. */
    public AcmeOptions resolver(NameResolver value) {
        resolver = value;
        return this;
    }

    /** Stands in for port 80 of every name. */
    public AcmeOptions validationPort(int port) {
        validationPort = port;
        return this;
    }

    /** Stands in for port 443 of every name, for {@code tls-alpn-01}. */
    public AcmeOptions tlsAlpnPort(int port) {
        tlsAlpnPort = port;
        return this;
    }

    /** Where the TXT records of {@code dns-01} are. */
    public AcmeOptions txtLookup(TxtLookup value) {
        txtLookup = value;
        return this;
    }

    /** What is offered for each name; wildcards get {@code dns-01} only. */
    public AcmeOptions challenges(Set<ChallengeType> types) {
        challenges = EnumSet.copyOf(types);
        return this;
    }

    /** From a name to why its CAA records forbid this CA to certify it; empty where they do not. */
    public AcmeOptions caa(Function<String, Optional<String>> forbidden) {
        caa = forbidden;
        return this;
    }

    /** By name; the first one is for orders that name none. */
    public AcmeOptions profiles(Map<String, AcmeProfile> value) {
        profiles = new LinkedHashMap<>(value);
        return this;
    }

    /** Whether to offer ARI, <a href="https://datatracker.ietf.org/doc/html/rfc9773">RFC 9773</a>; it does. */
    public AcmeOptions renewalInfo(boolean offered) {
        renewalInfo = offered;
        return this;
    }

    /** How long a client should not ask for a renewal window again: 6 h, as at Let's Encrypt. */
    public AcmeOptions renewalInfoRetryAfter(Duration value) {
        renewalInfoRetryAfter = value;
        return this;
    }

    /**
     * External accounts, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.4">RFC 8555 §7.3.4</a>.
     *
     * @param keys MAC keys by key id
     * @param required whether an account without one is refused
     * @param reused whether a key id may bind several accounts
     */
    public AcmeOptions externalAccounts(Map<String, byte[]> keys, boolean required, boolean reused) {
        externalKeys = Map.copyOf(keys);
        externalAccountRequired = required;
        externalKeysReused = reused;
        return this;
    }

    public AcmeOptions limits(AcmeLimits value) {
        limits = value;
        return this;
    }

    /** Keep it, to add faults later. */
    public AcmeOptions faults(AcmeFaults value) {
        faults = value;
        return this;
    }

    /** For one fetch from one address. */
    public AcmeOptions validationTimeout(Duration timeout) {
        validationTimeout = timeout;
        return this;
    }

    /** How long a certificate is good, from its issuance. */
    public AcmeOptions certificateValidity(Duration validity) {
        certificateValidity = validity;
        return this;
    }

    public AcmeOptions authorizations(Authorizations value) {
        authorizations = value;
        return this;
    }

    public AcmeOptions finalization(Finalization value) {
        finalization = value;
        return this;
    }

    /** Sent with whatever is not done yet, rounded up to whole seconds. */
    public AcmeOptions retryAfter(Duration value) {
        retryAfter = value;
        return this;
    }

    /** Names that this CA will not certify, as a public CA has a policy and a blocklist. */
    public AcmeOptions refuse(Predicate<String> names) {
        refuse = names;
        return this;
    }

    /** Decides about challenges in place of the network; where to look for names is then its own matter. */
    public AcmeOptions validator(ChallengeValidator value) {
        validator = value;
        return this;
    }

    /** Takes the signatures of requests for good: for simulations, where checking them is half of the work. */
    public AcmeOptions trustSignatures() {
        trustsSignatures = true;
        return this;
    }

    public AcmeOptions probe(AcmeProbe value) {
        probe = value;
        return this;
    }

    ChallengeValidator validator() {
        return validator != null ? validator : new NetworkValidator(this);
    }

    Optional<Path> state() {
        return Optional.ofNullable(state);
    }
}
