package dev.postern.tls;

import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.config.ClientCertificates.Mode;
import dev.postern.config.Site;
import dev.postern.config.Tls;
import dev.postern.config.TlsCipher;
import dev.postern.config.TlsGroup;
import dev.postern.config.TlsVersion;
import dev.postern.identity.ClientAuthorities;
import dev.postern.pki.Certificate;
import dev.postern.pki.TlsKeys;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslServerSessionContext;
import io.netty.handler.ssl.OpenSslSessionStats;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.internal.tcnative.SSL;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One TLS context per certificate, made when it is first asked for and let go once others of its site have taken its place
 * for all names and the last connection that uses it is closed. Any event loop.
 */
public final class ServerContexts implements AutoCloseable {
    private static final List<String> TLS_1_3 =
            List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");

    /** @param applicationProtocols for ALPN, the preferred one first; none where nothing is agreed on */
    private record Policy(Tls config, List<String> applicationProtocols) {}

    /**
     * What clients are asked for.
     *
     * @param issuers whose certificates they may choose among
     */
    private record Ask(ClientAuthorities.OfSite site, List<X509Certificate> issuers) {
        static @Nullable Ask of(ClientAuthorities.@Nullable OfSite site) {
            return site == null ? null : new Ask(site, site.authority().now().anchors());
        }

        ClientProof proof() {
            return new ClientProof(site.authority(), issuers, site.config().mode());
        }
    }

    /**
     * @param name that it was made for: it is of use for as long as that is shown this certificate
     * @param proof of clients; null where they are asked for nothing
     */
    private record Entry(
            String name,
            Certificate certificate,
            Policy policy,
            @Nullable Ask ask,
            @Nullable ClientProof proof,
            SslContext context) {
        boolean isFor(Certificate other, Policy wanted, @Nullable Ask wantedOfClients) {
            return certificate == other && policy.equals(wanted) && Objects.equals(ask, wantedOfClients);
        }

        /** @return false where another took its place meanwhile, and it was let go */
        boolean retain() {
            try {
                ReferenceCountUtil.retain(context);
                return true;
            } catch (IllegalReferenceCountException e) {
                return false;
            }
        }

        void release() {
            ReferenceCountUtil.release(context);
        }
    }

    private final CertificateTable certificates;
    private final AlpnChallengeTable challenges;
    private final ClientAuthorities clients;
    private final HandshakeObserver observer;
    private final TicketKeys ticketKeys = new TicketKeys(new SecureRandom());
    /** Mostly one for each; another one where some names of the site are shown an older certificate. */
    private final ConcurrentHashMap<String, List<Entry>> bySite = new ConcurrentHashMap<>();
    /** Of contexts that were let go. */
    private final LongAdder ticketsBefore = new LongAdder();
    // Replaced by a reload; read by any event loop.
    private volatile Policy policy;

    /** @param applicationProtocols for ALPN, the preferred one first; none where nothing is agreed on */
    public ServerContexts(
            CertificateTable certificates,
            AlpnChallengeTable challenges,
            ClientAuthorities clients,
            Tls config,
            List<String> applicationProtocols,
            HandshakeObserver observer) {
        this.observer = observer;
        this.certificates = certificates;
        this.challenges = challenges;
        this.clients = clients;
        this.policy = new Policy(config, List.copyOf(applicationProtocols));
    }

    /**
     * From now on handshakes are made like this; connections that are established stay as they are, and so do tickets.
     * Any thread.
     */
    public void follow(Tls config, List<String> applicationProtocols) {
        policy = new Policy(config, List.copyOf(applicationProtocols));
    }

    /** Lets all go; connections that use one keep it. Once no handshake begins any more. */
    @Override
    public void close() {
        retain(Set.of());
    }

    /** Lets the contexts of all other sites go; connections that use one keep it. Any thread. */
    public void retain(Set<String> sites) {
        for (String site : bySite.keySet()) {
            keep(site, sites.contains(site) ? this::isShown : entry -> false, null);
        }
    }

    private boolean isShown(Entry entry) {
        return certificates.find(entry.name) == entry.certificate
                || certificates.findSecond(entry.name) == entry.certificate;
    }

    private void keep(String site, Predicate<Entry> wanted, @Nullable Entry added) {
        List<Entry> gone = new ArrayList<>();
        bySite.compute(site, (same, before) -> {
            List<Entry> next = new ArrayList<>();
            if (added != null) {
                next.add(added);
            }
            if (before != null) {
                before.forEach(entry -> (wanted.test(entry) ? next : gone).add(entry));
            }
            return next.isEmpty() ? null : List.copyOf(next);
        });
        gone.forEach(this::letGo);
    }

    int size() {
        return bySite.values().stream().mapToInt(List::size).sum();
    }

    HandshakeObserver observer() {
        return observer;
    }

    /** What does the cryptography: BoringSSL, or the JDK where the native library cannot load. */
    public static String library() {
        return OpenSsl.isAvailable()
                ? String.valueOf(OpenSsl.versionString())
                : "JDK " + Runtime.version().feature();
    }

    /**
     * What to present for a lower-case server name; null where there is nothing. Where there are two, the one with a key of
     * an elliptic curve to whoever can do with it: its handshakes cost a tenth.
     */
    @Nullable Certificate certificate(String serverName, ClientHello hello) {
        Certificate first = certificates.find(serverName);
        Certificate second = certificates.findSecond(serverName);
        if (first == null || second == null) {
            return first == null ? second : first;
        }
        boolean firstIsRsa = TlsKeys.isRsa(first.key());
        if (firstIsRsa == TlsKeys.isRsa(second.key())) {
            // Until the next renewal of one of them.
            return first;
        }
        Certificate curve = firstIsRsa ? second : first;
        Certificate rsa = firstIsRsa ? first : second;
        return hello.takes(curve.key(), policy.config) ? curve : rsa;
    }

    /** How to learn what to present; null where that is known: see {@link CertificateTable#loading}. */
    CertificateTable.@Nullable Loading loading(String serverName) {
        return certificates.loading(serverName);
    }

    /** What to present to a CA's validator for a lower-case server name; null where it is owed nothing. */
    @Nullable Certificate challenge(String serverName) {
        return challenges.find(serverName);
    }

    /** Whether there is a protocol to agree on with a client that offers these; true where nothing is to be agreed on. */
    boolean agrees(List<String> offered) {
        return policy.applicationProtocols.isEmpty() || !Collections.disjoint(policy.applicationProtocols, offered);
    }

    /** A handshake that begins: one connection. */
    final class Begun {
        private final SslHandler tls;
        private final Entry entry;

        private Begun(SslHandler tls, Entry entry) {
            this.tls = tls;
            this.entry = entry;
        }

        SslHandler tls() {
            return tls;
        }

        boolean asksForCertificate() {
            return entry.ask != null;
        }

        /** What it has failed for: ours of theirs, or the library misses one; or anything else. */
        HandshakeObserver.Failure failure(Throwable cause) {
            for (Throwable one = cause; one != null && entry.ask != null; one = one.getCause()) {
                if (one instanceof CertificateException
                        || String.valueOf(one.getMessage()).contains("PEER_DID_NOT_RETURN_A_CERTIFICATE")) {
                    return HandshakeObserver.Failure.CLIENT_CERTIFICATE;
                }
            }
            return HandshakeObserver.Failure.FAILED;
        }

        /** Once it is over, and only once; null where the client is not to be let in for what it has shown. */
        @Nullable ShownCertificate over(String serverName) {
            ProvenClient client = entry.ask == null || entry.proof == null
                    ? null
                    : ProvenClient.of(entry.ask.site, tls.engine(), entry.proof.take(tls.engine()));
            return client == null || client.isWelcome()
                    ? new ShownCertificate(serverName, entry.certificate, certificates, client)
                    : null;
        }
    }

    /** Begins one with a handler which presents {@code certificate}, as {@code serverName} is shown. */
    Begun begin(String serverName, Certificate certificate, ByteBufAllocator allocator) throws SSLException {
        Entry entry = entry(serverName, certificate);
        try {
            SslHandler tls = entry.context.newHandler(allocator);
            if (entry.ask != null && tls.engine() instanceof ReferenceCountedOpenSslEngine boringSsl) {
                // Whoever resumes a session is asked for nothing, and may not be welcome any more.
                SSL.setOptions(boringSsl.sslPointer(), SSL.SSL_OP_NO_TICKET);
            }
            return new Begun(tls, entry);
        } finally {
            entry.release();
        }
    }

    /** A handler for the one connection of a CA's validator, which presents {@code answer} and speaks nothing else. */
    SslHandler challengeHandler(Certificate answer, ByteBufAllocator allocator) throws SSLException {
        // Which is asked for no certificate, whatever site it is.
        SslContext context = builder(answer, policy.config, List.of(AlpnChallengeTable.PROTOCOL))
                .build();
        try {
            // A handler keeps its context for as long as it lives; there is no second one with this certificate.
            return context.newHandler(allocator);
        } finally {
            ReferenceCountUtil.release(context);
        }
    }

    /** To be released: another loop may put a newer certificate in place at any time. */
    private Entry entry(String serverName, Certificate certificate) throws SSLException {
        Policy current = policy;
        String site = Site.ofCertificate(certificate.site());
        Ask ask = Ask.of(clients.find(site));
        for (Entry entry : bySite.getOrDefault(site, List.of())) {
            if (entry.isFor(certificate, current, ask) && entry.retain()) {
                return entry;
            }
        }
        ClientProof proof = ask == null ? null : ask.proof();
        SslContext made = build(certificate, current, ask, proof);
        Entry added = new Entry(serverName, certificate, current, ask, proof, made);
        // Another may have taken its place since it was found: then it is for this one connection.
        if (isShown(added)) {
            ReferenceCountUtil.retain(made);
            keep(site, entry -> entry.certificate != certificate && isShown(entry), added);
        }
        return added;
    }

    private void letGo(Entry entry) {
        ticketsBefore.add(tickets(entry.context));
        ReferenceCountUtil.release(entry.context);
    }

    /**
     * Session tickets that clients brought and we could open, since the start: nearly all of them resume the session.
     * Those that come to a context after another took its place are left out. Any thread.
     */
    public long ticketsOpened() {
        long all = ticketsBefore.sum();
        for (List<Entry> entries : bySite.values()) {
            for (Entry entry : entries) {
                if (entry.retain()) {
                    all += tickets(entry.context);
                    entry.release();
                }
            }
        }
        return all;
    }

    private static long tickets(SslContext context) {
        if (context instanceof ReferenceCountedOpenSslContext boringSsl) {
            OpenSslSessionStats stats = boringSsl.sessionContext().stats();
            return stats.ticketKeyResume() + stats.ticketKeyRenew();
        }
        return 0;
    }

    private SslContext build(Certificate certificate, Policy current, @Nullable Ask ask, @Nullable ClientProof proof)
            throws SSLException {
        SslContextBuilder builder = builder(certificate, current.config, current.applicationProtocols);
        if (ask != null && proof != null) {
            builder.trustManager(proof)
                    .clientAuth(ask.site.config().mode() == Mode.REQUIRE ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL);
        }
        SslContext context = builder.build();
        if (context instanceof ReferenceCountedOpenSslContext boringSsl) {
            OpenSslServerSessionContext sessions = (OpenSslServerSessionContext) boringSsl.sessionContext();
            // Tickets carry the session; a table of them would only cost memory.
            sessions.setSessionCacheEnabled(false);
            // A session of one site never resumes as one of another, though the ticket keys are the same.
            sessions.setSessionIdContext(sessionIdContext(Site.ofCertificate(certificate.site())));
            if (ask == null) {
                sessions.setTicketKeys(ticketKeys.current());
            }
        }
        return context;
    }

    private static SslContextBuilder builder(Certificate certificate, Tls config, List<String> protocols) {
        SslContextBuilder builder = SslContextBuilder.forServer(
                        certificate.key(), certificate.chain().toArray(X509Certificate[]::new))
                // Netty passes the key on in a key store of its own, which nobody keeps or sees. The default kind
                // encrypts it with a key that takes 20,000 rounds to derive, on the event loop.
                .keyStoreType("JKS")
                .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK)
                .protocols(protocols(config))
                .ciphers(ciphers(config), (ciphers, defaults, supported) -> {
                    List<String> usable = new ArrayList<>();
                    ciphers.forEach(cipher -> {
                        if (supported.contains(cipher)) {
                            usable.add(cipher);
                        }
                    });
                    return usable.toArray(String[]::new);
                })
                .applicationProtocolConfig(
                        protocols.isEmpty()
                                ? ApplicationProtocolConfig.DISABLED
                                : new ApplicationProtocolConfig(
                                        Protocol.ALPN,
                                        SelectorFailureBehavior.NO_ADVERTISE,
                                        SelectedListenerFailureBehavior.ACCEPT,
                                        protocols));
        // The JDK takes those of jdk.tls.namedGroups alone.
        return config.groups().isEmpty() || !OpenSsl.isAvailable()
                ? builder
                : builder.option(
                        OpenSslContextOption.GROUPS,
                        config.groups().stream().map(TlsGroup::libraryName).toArray(String[]::new));
    }

    private static List<String> ciphers(Tls config) {
        return Stream.concat(TLS_1_3.stream(), config.ciphers().stream().map(TlsCipher::registered))
                .toList();
    }

    private static String[] protocols(Tls config) {
        return config.minVersion() == TlsVersion.TLS_1_3
                ? new String[] {"TLSv1.3"}
                : new String[] {"TLSv1.3", "TLSv1.2"};
    }

    // At most 32 bytes, whatever the name is.
    private static byte[] sessionIdContext(String site) {
        try {
            return java.security.MessageDigest.getInstance("SHA-256").digest(site.getBytes(StandardCharsets.UTF_8));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What session tickets are sealed with, for the process that replaces this one: secret. Any thread. */
    public List<byte[]> ticketKeys() {
        return ticketKeys.bytes();
    }

    /** Those of the process that this one replaces, so that its clients resume their sessions. Before the first handshake. */
    public void takeTicketKeys(List<byte[]> handed) {
        ticketKeys.take(handed);
    }

    /** Seals new tickets with a new key. Any thread; meant to be called every twelve hours. */
    public void rotateTicketKeys() {
        ticketKeys.rotate();
        bySite.values().stream().flatMap(List::stream).forEach(entry -> {
            // The successor of one that was let go meanwhile was made with the new keys.
            if (entry.ask == null
                    && entry.context instanceof ReferenceCountedOpenSslContext boringSsl
                    && entry.retain()) {
                ((OpenSslServerSessionContext) boringSsl.sessionContext()).setTicketKeys(ticketKeys.current());
                entry.release();
            }
        });
    }
}
