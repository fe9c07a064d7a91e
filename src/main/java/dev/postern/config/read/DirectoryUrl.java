package dev.postern.config.read;

import dev.postern.config.Addresses;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** The URL of an ACME directory, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.1">RFC 8555 §7.1.1</a>. */
final class DirectoryUrl {
    static final Scalar<URI> SCALAR =
            new Scalar<>("an https URL such as https://ca.example.com/directory", DirectoryUrl::parse);

    private DirectoryUrl() {}

    /** {@code host} or {@code host-port}, fit for a file name. */
    static String hostAndPort(URI directory) {
        String host = directory
                .getHost()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9.]+", "-")
                .replaceAll("^[-.]+|[-.]+$", "");
        String name = host.isEmpty() ? "ca" : host;
        return directory.getPort() < 0 ? name : name + "-" + directory.getPort();
    }

    /** Eight hexadecimal digits that tell two directories of one host apart. */
    static String fingerprint(URI directory) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            byte[] digest = sha256.digest(directory.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static URI parse(String text) throws NotUnderstood {
        URI url;
        try {
            url = new URI(text);
        } catch (URISyntaxException e) {
            throw new NotUnderstood("is not a URL");
        }
        String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !scheme.equals("http")) {
            throw new NotUnderstood("is not an https URL");
        }
        if (url.getHost() == null || url.getPort() == 0 || url.getPort() > 65535) {
            throw new NotUnderstood("has no valid host and port");
        }
        if (url.getUserInfo() != null || url.getFragment() != null) {
            throw new NotUnderstood("has a user name or a fragment");
        }
        if (scheme.equals("http") && !isLoopback(url.getHost())) {
            throw new NotUnderstood("is not https; http is for a CA on this very machine");
        }
        return url;
    }

    private static boolean isLoopback(String host) {
        if (host.equalsIgnoreCase("localhost")) {
            return true;
        }
        String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        InetAddress address = Addresses.literal(bare);
        return address != null && address.isLoopbackAddress();
    }
}
