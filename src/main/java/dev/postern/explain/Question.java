package dev.postern.explain;

import com.google.gson.JsonObject;
import dev.postern.config.Addresses;
import dev.postern.config.Quoted;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.net.IDN;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * The request that is asked about.
 *
 * @param authority as in the URL, in lower case
 * @param host of that, without the port; an IPv6 address in brackets
 * @param target path and query as they stand there
 * @param from whose connection it would come on
 * @param headers lines such as {@code Accept: text/html}
 * @param listener by name; empty for the one that the port leads to
 */
record Question(
        boolean isTls,
        String authority,
        String host,
        int port,
        String target,
        String method,
        InetAddress from,
        List<String> headers,
        String listener) {
    private static final int HTTP = 80;
    private static final int HTTPS = 443;
    private static final int MAX_PORT = 65_535;

    static Question of(JsonObject request) throws ControlFailure {
        String text = ControlRequest.text(request, "url", "");
        String url = text.contains("://") ? text : "https://" + text;
        URI uri = uri(url);
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw ControlFailure.usage(Quoted.of(text) + " is neither http nor https");
        }
        String authority = uri.getRawAuthority();
        if (authority == null || uri.getHost() == null || uri.getRawUserInfo() != null) {
            throw ControlFailure.usage(
                    Quoted.of(text) + " names no host (expected: a URL such as https://example.com/path?query)");
        }
        if (uri.getPort() == 0 || uri.getPort() > MAX_PORT) {
            throw ControlFailure.usage(Quoted.of(text) + " has no port (expected: one from 1 to " + MAX_PORT + ")");
        }
        boolean isTls = scheme.equals("https");
        // Not what the URI makes of it: every byte counts.
        int path = path(url);
        String rest = url.substring(path).replaceFirst("#.*", "");
        return new Question(
                isTls,
                authority.toLowerCase(Locale.ROOT),
                uri.getHost().toLowerCase(Locale.ROOT).replaceFirst("\\.$", ""),
                uri.getPort() < 0 ? isTls ? HTTPS : HTTP : uri.getPort(),
                rest.startsWith("/") ? rest : "/" + rest,
                ControlRequest.text(request, "method", "GET"),
                address(ControlRequest.text(request, "from", "127.0.0.1")),
                ControlRequest.texts(request, "headers"),
                ControlRequest.text(request, "listener", ""));
    }

    /** Paths may have what URIs may not. */
    private static URI uri(String url) throws ControlFailure {
        int from = url.indexOf("://") + 3;
        try {
            // As a browser does.
            return new URI(url.substring(0, from) + IDN.toASCII(url.substring(from, path(url))));
        } catch (URISyntaxException | IllegalArgumentException e) {
            throw ControlFailure.usage(
                    Quoted.of(url) + " is no URL (expected: one such as https://example.com/path?query)");
        }
    }

    /** Where what follows the authority begins. */
    private static int path(String url) {
        int at = url.indexOf("://") + 3;
        while (at < url.length() && "/?#".indexOf(url.charAt(at)) < 0) {
            at++;
        }
        return at;
    }

    private static InetAddress address(String text) throws ControlFailure {
        InetAddress address = Addresses.literal(text);
        if (address == null) {
            throw ControlFailure.usage(
                    "from: " + Quoted.of(text) + " is no address (expected: one such as 192.0.2.1 or 2001:db8::1)");
        }
        return address;
    }

    boolean hasStandardPort() {
        return port == (isTls ? HTTPS : HTTP);
    }

    /** As a client of HTTP/1.1 would send it. */
    byte[] head() {
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\n");
        if (headers.stream().noneMatch(line -> line.toLowerCase(Locale.ROOT).startsWith("host:"))) {
            head.append("Host: ").append(authority).append("\r\n");
        }
        headers.forEach(line -> head.append(line).append("\r\n"));
        return head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
    }
}
