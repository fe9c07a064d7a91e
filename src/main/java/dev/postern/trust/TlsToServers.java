package dev.postern.trust;

import dev.postern.config.CaFile;
import dev.postern.config.Configuration;
import dev.postern.config.KeptFile;
import dev.postern.config.ServerTls;
import dev.postern.config.TlsVersion;
import dev.postern.pki.Chains;
import dev.postern.pki.Pem;
import dev.postern.pki.TlsKeys;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * How the servers of one backend are spoken to over TLS, by one configuration. Its contexts are let go once nobody knows it
 * any more: a connection that was made by it does, and so does a server until a reload gives it another. Sessions are resumed
 * among connections that were made by the same one, so that whom another one has believed has no say here. Any thread.
 */
public final class TlsToServers {
    private static final Cleaner CLEANER = Cleaner.create();

    private final @Nullable String serverName;
    private final Map<Speech, SslContext> contexts;

    private TlsToServers(ServerTls config) throws GeneralSecurityException, IOException {
        this.serverName = config.serverName();
        this.contexts = contexts(config, proof(config));
        CLEANER.register(this, new LettingGo(List.copyOf(contexts.values())));
    }

    /** Knows the contexts and nothing else. */
    private record LettingGo(List<SslContext> contexts) implements Runnable {
        @Override
        public void run() {
            contexts.forEach(ReferenceCountUtil::release);
        }
    }

    /** Not on an event loop: makes contexts, and may read files. Null for none. */
    public static @Nullable TlsToServers of(@Nullable ServerTls config) {
        try {
            return config == null ? null : new TlsToServers(config);
        } catch (GeneralSecurityException | IOException e) {
            // Whoever read the configuration has asked for its problems.
            throw new IllegalStateException(e);
        }
    }

    /**
     * The same, with what is in its files now. Blocks.
     *
     * @throws IOException with the file and what is wrong with it
     */
    public static ServerTls readAgain(ServerTls before) throws IOException {
        KeptFile caFile = before.caFile() == null ? null : readAgain(before.caFile());
        if (caFile != null) {
            try {
                List<X509Certificate> unused = CaFile.parse(caFile.content().text());
            } catch (CertificateException e) {
                throw Own.said(caFile, e);
            }
        }
        ServerTls.Shown shown = before.certificate();
        if (shown != null) {
            shown = new ServerTls.Shown(readAgain(shown.chain()), readAgain(shown.key()));
            Own unused = Own.of(shown);
        }
        return new ServerTls(caFile, before.serverName(), before.pins(), before.verify(), before.minVersion(), shown);
    }

    private static KeptFile readAgain(KeptFile file) throws IOException {
        try {
            return file.readAgain();
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": does not exist", e);
        } catch (IOException e) {
            throw Own.said(file, e);
        }
    }

    /** What is wrong with the certificates that we are to show; one line each. */
    public static List<String> problems(Collection<Configuration.Backend> backends) {
        List<String> problems = new ArrayList<>();
        for (Configuration.Backend backend : backends) {
            ServerTls.Shown shown = backend.tls() == null ? null : backend.tls().certificate();
            if (shown != null) {
                try {
                    Own unused = Own.of(shown);
                } catch (IOException e) {
                    problems.add("backends." + backend.name() + ".tls.certificate: " + e.getMessage());
                }
            }
        }
        return problems;
    }

    /** Backends whose servers are believed without a proof; one line each. */
    public static List<String> unverified(Collection<Configuration.Backend> backends) {
        return backends.stream()
                .filter(backend -> backend.tls() != null && !backend.tls().verify())
                .map(backend -> "backends." + backend.name()
                        + ".tls.verify: off: whoever gets in between reads and changes what is sent there (expected:"
                        + " ca-file or pin)")
                .toList();
    }

    /** A certificate of ours, and its key. */
    private record Own(PrivateKey key, List<X509Certificate> chain) {
        static Own of(ServerTls.Shown shown) throws IOException {
            List<X509Certificate> found;
            PrivateKey key;
            try {
                found = Pem.readCertificates(shown.chain().content().text());
            } catch (IOException e) {
                throw said(shown.chain(), e);
            }
            try {
                key = Pem.readKey(shown.key().content().text());
                TlsKeys.requireKind(key);
            } catch (IOException | CertificateException e) {
                throw said(shown.key(), e);
            }
            if (Chains.leaf(key, found).isEmpty()) {
                throw new IOException(shown.key() + ": does not fit the certificate in " + shown.chain());
            }
            return new Own(key, Chains.path(key, found));
        }

        private static IOException said(KeptFile of, Exception what) {
            return new IOException(of + ": " + what.getMessage(), what);
        }
    }

    private static TrustManager proof(ServerTls config) throws GeneralSecurityException {
        if (!config.verify()) {
            return new ServerProof(null, List.of());
        }
        return new ServerProof(config.isPinnedOnly() ? null : roots(config.caFile()), config.pins());
    }

    private static X509ExtendedTrustManager roots(@Nullable KeptFile file) throws GeneralSecurityException {
        List<X509Certificate> trusted =
                file == null ? SystemRoots.read() : CaFile.parse(file.content().text());
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted.isEmpty() ? null : store(trusted));
        for (TrustManager one : factory.getTrustManagers()) {
            if (one instanceof X509ExtendedTrustManager roots) {
                return roots;
            }
        }
        throw new IllegalStateException("no trust manager for X.509");
    }

    private static KeyStore store(List<X509Certificate> trusted) throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        try {
            store.load(null, null);
        } catch (IOException e) {
            throw new IllegalStateException("of nothing", e);
        }
        for (X509Certificate one : trusted) {
            store.setCertificateEntry("ca-" + store.size(), one);
        }
        return store;
    }

    private static Map<Speech, SslContext> contexts(ServerTls config, TrustManager proof) throws IOException {
        Own own = config.certificate() == null ? null : Own.of(config.certificate());
        Map<Speech, SslContext> contexts = new EnumMap<>(Speech.class);
        for (Speech speech : Speech.values()) {
            contexts.put(speech, context(config, proof, own, speech));
        }
        return contexts;
    }

    private static SslContext context(ServerTls config, TrustManager proof, @Nullable Own own, Speech speech)
            throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK)
                .trustManager(proof)
                .endpointIdentificationAlgorithm(config.namesCount() ? "HTTPS" : null)
                .protocols(
                        config.minVersion() == TlsVersion.TLS_1_3
                                ? new String[] {"TLSv1.3"}
                                : new String[] {"TLSv1.3", "TLSv1.2"})
                .applicationProtocolConfig(
                        speech.protocols().isEmpty()
                                ? ApplicationProtocolConfig.DISABLED
                                : new ApplicationProtocolConfig(
                                        Protocol.ALPN,
                                        SelectorFailureBehavior.NO_ADVERTISE,
                                        SelectedListenerFailureBehavior.ACCEPT,
                                        speech.protocols()));
        if (own != null) {
            // As for clients: the default kind of store would encrypt the key on its way.
            builder.keyStoreType("JKS").keyManager(own.key, own.chain.toArray(X509Certificate[]::new));
        }
        return builder.build();
    }

    /**
     * Puts TLS at the end of the pipeline of a connection that is being made; what comes behind it may write at once.
     *
     * @param host that the server is given by
     */
    public ServerHandshake secure(
            Channel channel, String host, int port, Speech speech, ServerHandshake.Outcome outcome) {
        String name = serverName == null ? host : serverName;
        SslContext context = contexts.get(speech);
        if (context == null) {
            throw new IllegalStateException("no context for " + speech);
        }
        SslHandler tls = context.newHandler(channel.alloc(), name, port);
        ask(tls.engine(), name);
        ServerHandshake handshake = new ServerHandshake(this, tls, speech, outcome);
        channel.pipeline().addLast(tls, handshake);
        return handshake;
    }

    /** Any name: Netty itself asks for those only that have a dot. An address is none, RFC 6066 §3. */
    private static void ask(SSLEngine engine, String name) {
        if (NetUtil.createByteArrayFromIpAddressString(name) != null) {
            return;
        }
        SSLParameters parameters = engine.getSSLParameters();
        try {
            parameters.setServerNames(List.of(new SNIHostName(name.getBytes(StandardCharsets.US_ASCII))));
        } catch (IllegalArgumentException e) {
            // Such as the name of a container: it can be found, and is no name for a certificate.
            return;
        }
        engine.setSSLParameters(parameters);
    }
}
