package dev.postern.migrate;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** {@code listeners} of sites: where clients come to. Most sites share one for HTTP and one for HTTPS. Mutable. */
public final class WebListeners {
    // The system chooses, of what nobody is told.
    private static final String ANY_PORT = "127.0.0.1:0";

    /** One that serves the sites of these names, and no others. */
    public static final class Further {
        private final boolean isTls;
        private final List<String> addresses;
        private final List<String> proxies;
        private final Set<String> names = new LinkedHashSet<>();

        private Further(boolean isTls, List<String> addresses, List<String> proxies) {
            this.isTls = isTls;
            this.addresses = addresses;
            this.proxies = proxies;
        }

        /** One name of a site is enough. */
        public void serves(String name) {
            names.add(name);
        }
    }

    private final List<Further> further = new ArrayList<>();
    /** Sites of further listeners that are at these as well. */
    private final Set<String> alsoPlain = new LinkedHashSet<>();

    private final Set<String> alsoSecure = new LinkedHashSet<>();
    private final Names called = new Names("-");
    private final Set<String> plain = new LinkedHashSet<>();
    private final Set<String> secure = new LinkedHashSet<>();
    private final Set<String> others = new LinkedHashSet<>();
    private final List<String> protocols = new ArrayList<>();
    private String redirect = "";
    private final Set<String> plainProxies = new LinkedHashSet<>();
    private final Set<String> secureProxies = new LinkedHashSet<>();

    /** @param proxies who is believed of the PROXY protocol; none where nobody speaks it */
    public void plain(List<String> addresses, List<String> proxies) {
        plain.addAll(addresses);
        plainProxies.addAll(proxies);
    }

    /** @param proxies who is believed of the PROXY protocol; none where nobody speaks it */
    public void secure(List<String> addresses, List<String> proxies) {
        secure.addAll(addresses);
        secureProxies.addAll(proxies);
    }

    /** A listener beside those of most sites; none where its addresses are somebody's already. */
    public Optional<Further> further(boolean isTls, List<String> addresses, List<String> proxies) {
        if (!addresses.stream().allMatch(this::isFree)) {
            return Optional.empty();
        }
        Further one = new Further(isTls, List.copyOf(addresses), List.copyOf(proxies));
        further.add(one);
        return Optional.of(one);
    }

    /** A site of a further listener that most sites' listener has too. */
    public void also(boolean isTls, String name) {
        (isTls ? alsoSecure : alsoPlain).add(name);
    }

    private boolean isFree(String address) {
        String port = address.substring(address.lastIndexOf(':'));
        return all().filter(other -> other.endsWith(port) && other.lastIndexOf(':') == other.length() - port.length())
                .noneMatch(other -> other.equals(address) || other.equals(port) || address.equals(port));
    }

    private Stream<String> all() {
        return Stream.of(
                        plain.stream(),
                        secure.stream(),
                        others.stream(),
                        further.stream().flatMap(one -> one.addresses.stream()))
                .flatMap(addresses -> addresses);
    }

    /** Of services. */
    public void others(List<String> addresses) {
        others.addAll(addresses);
    }

    public void protocols(List<String> spoken) {
        protocols.addAll(spoken);
    }

    public boolean isPlain() {
        return !plain.isEmpty();
    }

    public boolean isSecure() {
        return !secure.isEmpty();
    }

    /** A status, or off; the first that is said holds. */
    public void redirect(String how) {
        redirect = redirect.isEmpty() ? how : redirect;
    }

    private boolean isTaken(int port) {
        String end = ":" + port;
        return all().anyMatch(address -> address.endsWith(end));
    }

    /** @param hasSites whether anything comes in here at all */
    public void write(Mapping at, boolean hasSites) {
        if (isPlain()) {
            Mapping http = at.section("http");
            http.put("bind", List.copyOf(plain));
            if (!redirect.isEmpty()) {
                http.put("redirect", redirect);
            }
            also(alsoPlain, http);
            proxied(List.copyOf(plainProxies), http);
        } else if (isSecure() && !isTaken(80)) {
            at.remark("Port 80 is bound as well, for the challenges of CAs and to redirect to HTTPS.");
        } else if (hasSites && isTaken(80)) {
            at.section("http").remark("Port 80 is taken: nobody is redirected.").put("bind", List.of(ANY_PORT));
        }
        if (isSecure()) {
            Mapping https = at.section("https");
            https.put("bind", List.copyOf(secure));
            if (!protocols.isEmpty()) {
                https.put("protocols", protocols);
            }
            also(alsoSecure, https);
            proxied(List.copyOf(secureProxies), https);
        } else if (hasSites && isTaken(443)) {
            at.section("https").remark("Port 443 is taken.").put("bind", List.of(ANY_PORT));
        }
        for (Further one : further) {
            if (!one.names.isEmpty()) {
                write(one, at);
            }
        }
        if (hasSites && isTaken(9876)) {
            at.section("challenge").put("bind", List.of("127.0.0.1:9878"));
        }
    }

    private void write(Further one, Mapping at) {
        String kind = one.isTls ? "https" : "http";
        String first = one.addresses.get(0);
        Mapping listener = at.section(called.of(kind + "-" + first.substring(first.lastIndexOf(':') + 1)));
        listener.put("kind", kind);
        listener.put("bind", one.addresses);
        if (!one.isTls) {
            listener.put("redirect", "off");
        }
        listener.put("sites", List.copyOf(one.names));
        proxied(one.proxies, listener);
    }

    private static void also(Set<String> names, Mapping at) {
        if (!names.isEmpty()) {
            List<String> sites = new ArrayList<>(List.of("others"));
            sites.addAll(names);
            at.put("sites", sites);
        }
    }

    /** Says who is believed of the PROXY protocol; nothing where nobody is. */
    public static void proxied(List<String> proxies, Mapping at) {
        if (proxies.equals(Ranges.EVERYBODY)) {
            at.remark("Everybody may say who they are: the addresses of your balancers alone are safe.");
        }
        if (!proxies.isEmpty()) {
            at.put("proxy-protocol", proxies);
        }
    }
}
