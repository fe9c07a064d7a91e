package dev.postern.preflight;

import dev.postern.certificate.served.ReachabilityProbe;
import dev.postern.config.Addresses;
import dev.postern.dns.Lookup;
import dev.postern.dns.Lookup.Family;
import dev.postern.preflight.Finding.Check;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLException;

/** Fetches our own answer back over each address of a name, in the way of HTTP-01. */
final class Reach {
    /** As long as a CA has patience; Let's Encrypt's is ten seconds for all of it. */
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    /** As many as Let's Encrypt follows. */
    private static final int REDIRECTS = 10;

    private static final String PATH = "/.well-known/acme-challenge/";

    private final ReachabilityProbe probe;
    private final Lookup lookup;
    private final RandomGenerator random;
    private final Ports ports;

    /** Which ports 80 and 443 of the names are. Those of CAs; others for a CA that is told others. */
    record Ports(int http, int https) {
        static final Ports STANDARD = new Ports(80, 443);
    }

    Reach(ReachabilityProbe probe, Lookup lookup, RandomGenerator random, Ports ports) {
        this.probe = probe;
        this.lookup = lookup;
        this.random = random;
        this.ports = ports;
    }

    /** Whether the https port takes connections there, in the way of TLS-ALPN-01; never certain, as below. */
    Finding connect(String name, InetAddress address) {
        String where = "port " + ports.https() + " at " + address.getHostAddress();
        try {
            ProbeFetch.connect(address, ports.https(), DEADLINE);
            return Finding.ok(
                    Check.PROBE,
                    name,
                    where + " takes connections (who answers there, only an order with tls-alpn-01 shows)");
        } catch (IOException e) {
            return Finding.warning(
                    Check.PROBE,
                    name,
                    where + ": " + reason(e) + " (expected: our https listener, for tls-alpn-01); open port "
                            + ports.https() + " from outside to it, or " + redirecting(name, address));
        }
    }

    /** Never certain: from inside a network its outside is sometimes not to be reached, while all the world reaches it. */
    Finding check(String name, InetAddress address) {
        String token = ReachabilityProbe.token(random);
        String host = name.contains(":") ? "[" + name + "]" : name;
        String where = "http://" + host + "/ at " + address.getHostAddress();
        URI asked = URI.create("http://" + host + PATH + token);
        InetAddress at = address;
        for (int redirects = 0; redirects <= REDIRECTS; redirects++) {
            ProbeFetch.Answer answer;
            boolean tls = "https".equals(asked.getScheme());
            try {
                answer = ProbeFetch.get(
                        at, tls ? ports.https() : ports.http(), tls, asked.getHost(), target(asked), DEADLINE);
            } catch (IOException e) {
                return Finding.warning(
                        Check.PROBE,
                        name,
                        where + (redirects == 0 ? "" : ", redirected to " + asked) + ": " + reason(e)
                                + " (expected: our answer to a challenge); open port 80 from outside to the http listener,"
                                + " or " + redirecting(asked.getHost(), address));
            }
            if (answer.status() == 200 && probe.isOurs(token, answer.body())) {
                return Finding.ok(Check.PROBE, name, where + ": our own answer came back");
            }
            String location = answer.location();
            if (answer.status() < 300 || answer.status() > 399 || location == null) {
                return Finding.warning(
                        Check.PROBE,
                        name,
                        where + ": answered " + answer.status()
                                + (answer.server().isEmpty() ? "" : " by \"" + answer.server() + "\"")
                                + ", by another server than this one (expected: our answer to a challenge); "
                                + redirecting(asked.getHost(), address) + ", or have that server pass on " + PATH);
            }
            try {
                asked = asked.resolve(location);
            } catch (IllegalArgumentException e) {
                return Finding.warning(Check.PROBE, name, where + ": redirects to what is no URL; see to it");
            }
            String obstacle = obstacle(asked);
            if (!obstacle.isEmpty()) {
                return Finding.warning(
                        Check.PROBE,
                        name,
                        where + ": redirects to " + shown(asked) + ", " + obstacle + " and no CA follows; leave " + PATH
                                + " out of the redirect");
            }
            if (!asked.getHost().equalsIgnoreCase(host)) {
                List<InetAddress> next = addresses(asked.getHost(), familyOf(address));
                if (next.isEmpty()) {
                    return Finding.warning(
                            Check.PROBE,
                            name,
                            where + ": redirects to " + shown(asked) + ", which has no " + type(address)
                                    + " record; leave " + PATH + " out of the redirect");
                }
                at = next.get(0);
            } else {
                at = address;
            }
        }
        return Finding.warning(
                Check.PROBE,
                name,
                where + ": redirects more than " + REDIRECTS + " times; leave " + PATH + " out of the redirects");
    }

    /** Why a CA would not follow; empty where it would. */
    private static String obstacle(URI to) {
        boolean web = "http".equals(to.getScheme()) || "https".equals(to.getScheme());
        if (!web || to.getHost() == null) {
            return "which is not http or https,";
        }
        boolean standard = to.getPort() < 0 || to.getPort() == 80 || to.getPort() == 443;
        return standard ? "" : "which is neither port 80 nor 443,";
    }

    private static String shown(URI uri) {
        String text = uri.toString();
        return text.length() > 120 ? text.substring(0, 120) + "…" : text;
    }

    private static String target(URI uri) {
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
    }

    private List<InetAddress> addresses(String host, Family family) {
        InetAddress literal = Addresses.literal(host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
        if (literal != null) {
            return List.of(literal);
        }
        try {
            return lookup.addresses(host, family);
        } catch (IOException e) {
            return List.of();
        }
    }

    /** The record type. */
    static String type(Family family) {
        return family == Family.IPV4 ? "A" : "AAAA";
    }

    /** What leads clients of {@code host} elsewhere than to {@code address}. */
    private static String redirecting(String host, InetAddress address) {
        boolean literal = host.startsWith("[") || Addresses.isAddress(host);
        return literal
                ? "see to it that " + host + " leads to this host"
                : "correct the " + type(address) + " record of " + host;
    }

    private static String type(InetAddress address) {
        return type(familyOf(address));
    }

    static Family familyOf(InetAddress address) {
        return address.getAddress().length == 4 ? Family.IPV4 : Family.IPV6;
    }

    private static String reason(IOException e) {
        if (e instanceof ConnectException) {
            return "nobody takes the connection";
        }
        if (e instanceof NoRouteToHostException) {
            return "no way there from this host";
        }
        if (e instanceof SSLException) {
            return "the TLS handshake failed";
        }
        if (e instanceof SocketException) {
            return "the connection broke";
        }
        return e.getMessage() == null ? "no answer" : e.getMessage();
    }
}
