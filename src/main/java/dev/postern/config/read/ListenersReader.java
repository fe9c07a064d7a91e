package dev.postern.config.read;

import dev.postern.config.BindAddress;
import dev.postern.config.HostName;
import dev.postern.config.Listeners;
import dev.postern.config.Listeners.Admin;
import dev.postern.config.Listeners.Challenge;
import dev.postern.config.Listeners.Http;
import dev.postern.config.Listeners.Https;
import dev.postern.config.Listeners.Protocol;
import dev.postern.config.Listeners.Ready;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Reads {@code listeners}. */
final class ListenersReader {
    static final List<String> KEYS = List.of("http", "https", "challenge", "admin");

    private static final BindAddress HTTP = new BindAddress(null, 80);
    private static final BindAddress HTTPS = new BindAddress(null, 443);
    // Loopback only: what it shows is nobody's business outside.
    private static final BindAddress ADMIN = new BindAddress(InetAddress.getLoopbackAddress(), 9877);

    // 308 keeps method and body, https://datatracker.ietf.org/doc/html/rfc9110#section-15.4.9
    private static final OptionalInt REDIRECT = OptionalInt.of(308);
    private static final Scalar<OptionalInt> REDIRECT_STATUS = Scalar.oneOf(
            Map.of(
                    "301", OptionalInt.of(301),
                    "302", OptionalInt.of(302),
                    "307", OptionalInt.of(307),
                    "308", OptionalInt.of(308),
                    "off", OptionalInt.empty()),
            "301, 302, 307, 308 or off");

    private static final Scalar<Ready> READY = Scalar.oneOf(List.of(Ready.values()), Ready::text);

    private static final Scalar<Protocol> PROTOCOL = Scalar.oneOf(List.of(Protocol.values()), Protocol::text);

    private final TakenAddresses taken;
    private final boolean areForSites;

    /** @param areForSites whether there are any: else nobody takes the ports of the web by default */
    ListenersReader(TakenAddresses taken, boolean areForSites) {
        this.taken = taken;
        this.areForSites = areForSites;
    }

    Listeners read(Section listeners) {
        Section http = listeners.section("http", List.of("bind", "redirect", "proxy-protocol"));
        Section https = listeners.section("https", List.of("bind", "protocols", "proxy-protocol"));
        Section challenge = listeners.section("challenge", List.of("bind"));

        Section admin = listeners.section("admin", List.of("bind", "hosts", "ready"));

        // The given addresses first: a default that is in the way of one is only moved by saying so.
        Map<Section, List<BindAddress>> given = new LinkedHashMap<>();
        for (Section listener : List.of(http, https, challenge, admin)) {
            given.put(listener, bind(listener));
        }
        return new Listeners(
                new Http(
                        orDefault(given, http, HTTP),
                        http.get("redirect", REDIRECT_STATUS, REDIRECT),
                        AddressesReader.ranges(http.find("proxy-protocol"))),
                new Https(
                        orDefault(given, https, HTTPS),
                        protocols(https.find("protocols")),
                        AddressesReader.ranges(https.find("proxy-protocol"))),
                new Challenge(orDefault(given, challenge, Challenge.DEFAULT)),
                listeners.has("admin")
                        ? new Admin(
                                orDefault(given, admin, ADMIN),
                                hosts(admin.find("hosts")),
                                admin.get("ready", READY, Ready.ALL))
                        : null);
    }

    private static List<String> hosts(@Nullable Value value) {
        List<String> hosts = new ArrayList<>();
        if (value != null) {
            for (Value item : value.items("a list such as [metrics.internal]")) {
                String host = item.read(HostName.PLAIN);
                if (host != null) {
                    hosts.add(host);
                }
            }
        }
        return List.copyOf(hosts);
    }

    private static List<Protocol> protocols(@Nullable Value value) {
        if (value == null) {
            return Https.DEFAULT_PROTOCOLS;
        }
        List<Protocol> protocols = new ArrayList<>();
        for (Value item : value.items("a list such as [h2, http/1.1]")) {
            Protocol protocol = item.read(PROTOCOL);
            if (protocol != null && protocols.contains(protocol)) {
                item.problem(Quoted.of(protocol.text()) + " is there twice (expected: each one once)");
            } else if (protocol != null) {
                protocols.add(protocol);
            }
        }
        return List.copyOf(protocols);
    }

    private List<BindAddress> bind(Section listener) {
        Value value = listener.find("bind");
        List<BindAddress> addresses = new ArrayList<>();
        if (value == null) {
            return addresses;
        }
        for (Value item : value.itemsOrOne("a list of addresses such as [\":443\"]")) {
            BindAddress address = item.read(AddressesReader.BIND);
            if (address != null) {
                taken.take(item, address, "");
                addresses.add(address);
            }
        }
        return addresses;
    }

    private List<BindAddress> orDefault(
            Map<Section, List<BindAddress>> given, Section listener, BindAddress otherwise) {
        if (listener.has("bind")) {
            return List.copyOf(given.getOrDefault(listener, List.of()));
        }
        if (areForSites) {
            taken.take(listener.place("bind"), otherwise, "the default ");
        }
        return List.of(otherwise);
    }
}
