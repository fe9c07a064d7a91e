package dev.postern.app;

import dev.postern.listener.Transport;
import dev.postern.tls.ServerContexts;
import io.netty.util.Version;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;

/** What the network side runs on. */
public final class Versions {
    /** Of the files that Netty's jars say it in, all of which are read for it. */
    private static final String NETTY = netty();

    private Versions() {}

    private static String netty() {
        Version netty = Version.identify().get("netty-common");
        return netty == null ? "unknown" : netty.artifactVersion();
    }

    /** Of Postern itself. */
    public static String own() {
        Properties properties = new Properties();
        try (InputStream in = Versions.class.getResourceAsStream("version.properties")) {
            properties.load(Objects.requireNonNull(in, "version.properties"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version", "unknown");
    }

    /** {@code name version}, one a line: the JDK, and what {@link #lines} has. */
    static List<String> all() {
        return Stream.concat(Stream.of("JDK " + Runtime.version()), lines().stream())
                .toList();
    }

    /** {@code name version}, one a line. */
    public static List<String> lines() {
        return List.of(
                "Netty " + NETTY,
                "TLS " + ServerContexts.library(),
                "transport " + Transport.best().text());
    }
}
