package dev.postern.explain;

import com.google.gson.JsonObject;
import dev.postern.config.Addresses;
import dev.postern.config.Quoted;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.net.IDN;
import java.net.InetAddress;
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
        int end = path(url);
        String scheme = url.substring(0, url.indexOf("://")).toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw ControlFailure.usage(Quoted.of(text) + " is neither http nor https");
        }
        String authority = authority(text, url.substring(scheme.length() + 3, end));
        int colon = authority.indexOf(':', authority.indexOf(']') + 1);
        String host = authority.substring(0, colon < 0 ? authority.length() : colon);
        int given = colon < 0 ? 0 : port(text, authority.substring(colon + 1));
        boolean isTls = scheme.equals("https");
        String rest = url.substring(end).replaceFirst("#.*", "");
        return new Question(
                isTls,
                authority,
                host.replaceFirst("\\.$", ""),
                given > 0 ? given : isTls ? HTTPS : HTTP,
                rest.startsWith("/") ? rest : "/" + rest,
                ControlRequest.text(request, "method", "GET"),
                address(ControlRequest.text(request, "from", "127.0.0.1")),
                ControlRequest.texts(request, "headers"),
                ControlRequest.text(request, "listener", ""));
    }

    /** In lower case, as a browser sends it. */
    private static String authority(String url, String text) throws ControlFailure {
        String authority;
        try {
            authority = IDN.toASCII(text).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            authority = "";
        }
        // More than may be a name: what clients send is read by the same rules as ever.
        if (!authority.matches("(?:[a-z0-9._-]+|\\[[0-9a-f:.]+])(?::.*)?")) {
            throw ControlFailure.usage(
                    Quoted.of(url) + " names no host (expected: a URL such as https://example.com/path?query)");
        }
        return authority;
    }

    private static int port(String url, String text) throws ControlFailure {
        int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
        if (port < 1 || port > MAX_PORT) {
            throw ControlFailure.usage(Quoted.of(url) + " has no port (expected: one from 1 to " + MAX_PORT + ")");
        }
        return port;
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
