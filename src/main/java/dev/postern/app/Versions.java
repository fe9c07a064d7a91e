package dev.postern.app;

import dev.postern.listener.Transport;
import dev.postern.tls.ServerContexts;
import io.netty.util.Version;
import java.util.List;

/** What the network side runs on. */
public final class Versions {
    /** Of the files that Netty's jars say it in, all of which are read for it. */
    private static final String NETTY = netty();

    private Versions() {}

    private static String netty() {
        Version netty = Version.identify().get("netty-common");
        return netty == null ? "unknown" : netty.artifactVersion();
    }

    /** {@code name version}, one a line. */
    public static List<String> lines() {
        return List.of(
                "Netty " + NETTY,
                "TLS " + ServerContexts.library(),
                "transport " + Transport.best().text());
    }
}
