package dev.postern.ca.acme;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Fetches the answer to a challenge as a public CA would: <a
 * href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.3">RFC 8555 §8.3</a>. Stricter than those in one point:
 * a redirect to HTTPS is not followed, because a name without a certificate could not answer there.
 *
 * @param port stands in for port 80 of every server
 * @param timeout for each address, of each redirect
 */
record Http01Validator(NameResolver resolver, int port, Duration timeout) {
    static final String TYPE = "http-01";

    private static final String PATH = "/.well-known/acme-challenge/";

    /** As many as Let's Encrypt follows. */
    private static final int REDIRECTS = 10;

    /** Forty times a key authorization, which is 87 bytes with a SHA-256 thumbprint. */
    private static final int BODY_LIMIT = 4096;

    /** Waits for the network. Empty where the name answered as it should, else why it did not. */
    Optional<Problem> validate(String name, String token, String keyAuthorization) {
        URI uri = URI.create("http://" + authority(name) + PATH + token);
        for (int redirects = 0; ; redirects++) {
            HttpFetch.Response response;
            try {
                response = fetch(uri);
            } catch (UnknownHostException e) {
                return failed(name, ProblemType.DNS, "no address for " + uri.getHost());
            } catch (IOException e) {
                return failed(name, ProblemType.CONNECTION, "fetching " + uri + ": " + e.getMessage());
            }
            if (response.status() == 200) {
                // Trailing white space is to be ignored, leading is not.
                String body = response.body().stripTrailing();
                return body.equals(keyAuthorization)
                        ? Optional.empty()
                        : failed(
                                name,
                                ProblemType.UNAUTHORIZED,
                                uri + " answered \"" + excerpt(body) + "\" (expected: \"" + keyAuthorization + "\")");
            }
            Optional<String> location = response.header("location");
            if (response.status() / 100 != 3 || location.isEmpty()) {
                return failed(name, ProblemType.UNAUTHORIZED, uri + " answered " + response.status());
            }
            if (redirects == REDIRECTS) {
                return failed(
                        name, ProblemType.CONNECTION, "more than " + REDIRECTS + " redirects, the last one at " + uri);
            }
            Optional<URI> next = redirect(uri, location.get());
            if (next.isEmpty()) {
                return failed(
                        name,
                        ProblemType.CONNECTION,
                        uri + " redirects to \"" + excerpt(location.get()) + "\" (expected: plain HTTP, port 80)");
            }
            uri = next.get();
        }
    }

    /** From the first address that answers at all. */
    private HttpFetch.Response fetch(URI uri) throws IOException {
        String host = uri.getHost();
        List<InetAddress> addresses =
                resolver.resolve(host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
        if (addresses.isEmpty()) {
            throw new UnknownHostException(uri.getHost());
        }
        String query = uri.getRawQuery();
        String target = (uri.getRawPath().isEmpty() ? "/" : uri.getRawPath()) + (query == null ? "" : "?" + query);
        IOException last = null;
        for (InetAddress address : addresses) {
            try {
                return HttpFetch.get(address, port, uri.getRawAuthority(), target, timeout, BODY_LIMIT);
            } catch (IOException e) {
                IOException failure = new IOException(address.getHostAddress() + ": " + e.getMessage(), e);
                if (last != null) {
                    failure.addSuppressed(last);
                }
                last = failure;
            }
        }
        throw last != null ? last : new UnknownHostException(uri.getHost());
    }

    private Optional<URI> redirect(URI from, String location) {
        try {
            URI to = from.resolve(location);
            boolean ours = to.getPort() == -1 || to.getPort() == 80 || to.getPort() == port;
            return "http".equals(to.getScheme()) && to.getHost() != null && ours ? Optional.of(to) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private String authority(String name) {
        String host = name.contains(":") ? "[" + name + "]" : name;
        return port == 80 ? host : host + ":" + port;
    }

    private static Optional<Problem> failed(String name, ProblemType type, String why) {
        return Optional.of(Problem.about(name, type, why));
    }

    /** What others sent, short enough and harmless enough for a message. */
    private static String excerpt(String text) {
        String start = text.length() <= 100 ? text : text.substring(0, 100) + "…";
        return start.replaceAll("[^\\x20-\\x7e…]", "?");
    }
}
