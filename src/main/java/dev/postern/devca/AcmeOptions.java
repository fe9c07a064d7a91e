package dev.postern.devca;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How an {@link AcmeServer} is to behave: the defaults, and a method for each thing that may differ.
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
     * @param executor runs requests, several at once, and validations, which wait for the network: unbounded, or larger
     *     than the number of requests that a probe may hold up
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

    public AcmeOptions probe(AcmeProbe value) {
        probe = value;
        return this;
    }

    Optional<Path> state() {
        return Optional.ofNullable(state);
    }
}
