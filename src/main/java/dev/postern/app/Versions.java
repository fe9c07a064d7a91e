package dev.postern.app;

import dev.postern.listener.Transport;
import dev.postern.tls.ServerContexts;
import io.netty.util.Version;
import java.util.List;

/** What the network side runs on. */
public final class Versions {
    private Versions() {}

    /** {@code name version}, one a line. */
    public static List<String> lines() {
        Version netty = Version.identify().get("netty-common");
        return List.of(
                "Netty " + (netty == null ? "unknown" : netty.artifactVersion()),
                "TLS " + ServerContexts.library(),
                "transport " + Transport.best().text());
    }
}
