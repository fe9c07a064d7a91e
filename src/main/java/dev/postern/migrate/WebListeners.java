package dev.postern.migrate;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** {@code listeners} of sites: where clients come to. Mutable. */
public final class WebListeners {
    // The system chooses, of what nobody is told.
    private static final String ANY_PORT = "127.0.0.1:0";

    private final Set<String> plain = new LinkedHashSet<>();
    private final Set<String> secure = new LinkedHashSet<>();
    private final Set<String> others = new LinkedHashSet<>();
    private final List<String> protocols = new ArrayList<>();
    private String redirect = "";
    private boolean isPlainProxied;
    private boolean isSecureProxied;

    public void plain(List<String> addresses, boolean acceptsProxy) {
        plain.addAll(addresses);
        isPlainProxied |= acceptsProxy;
    }

    public void secure(List<String> addresses, boolean acceptsProxy) {
        secure.addAll(addresses);
        isSecureProxied |= acceptsProxy;
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
        return List.of(plain, secure, others).stream()
                .anyMatch(set -> set.stream().anyMatch(address -> address.endsWith(end)));
    }

    /** @param hasSites whether anything comes in here at all */
    public void write(Mapping at, boolean hasSites) {
        if (isPlain()) {
            Mapping http = at.section("http");
            http.put("bind", List.copyOf(plain));
            if (!redirect.isEmpty()) {
                http.put("redirect", redirect);
            }
            proxied(isPlainProxied, http);
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
            proxied(isSecureProxied, https);
        } else if (hasSites && isTaken(443)) {
            at.section("https").remark("Port 443 is taken.").put("bind", List.of(ANY_PORT));
        }
        if (hasSites && isTaken(9876)) {
            at.section("challenge").put("bind", List.of("127.0.0.1:9878"));
        }
    }

    private static void proxied(boolean isProxied, Mapping at) {
        if (isProxied) {
            at.remark("Everybody may say who they are: the addresses of your balancers alone are safe.");
            at.put("proxy-protocol", List.of("0.0.0.0/0", "::/0"));
        }
    }
}
