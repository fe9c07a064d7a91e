package dev.postern.migrate.haproxy;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.List;

/** {@code listeners}: addresses come together here from all sections that have sites. */
final class Listening {
    private static final String ANY_PORT = "127.0.0.1:0";

    private final List<Binds.Bind> plain = new ArrayList<>();
    private final List<Binds.Bind> secure = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private String redirect = "";

    void add(List<Binds.Bind> binds) {
        binds.forEach(bind -> (bind.isTls() ? secure : plain).add(bind));
    }

    /** Of those whose connections are passed on unopened. */
    void addSecure(List<Binds.Bind> binds) {
        secure.addAll(binds);
    }

    boolean isPlain() {
        return !plain.isEmpty();
    }

    boolean isSecure() {
        return !secure.isEmpty();
    }

    /** A status, or off; the first that is said holds. */
    void redirect(String how) {
        redirect = redirect.isEmpty() ? how : redirect;
    }

    /** What there is to say of it. */
    void remark(String text) {
        if (!remarks.contains(text)) {
            remarks.add(text);
        }
    }

    /**
     * Where the addresses that Postern listens on unasked are somebody else's, or nobody's.
     *
     * @param hasSites although nothing listens for them where this has neither: they are there for their certificates
     */
    void makeWay(Mapping at, Binds binds, boolean hasSites) {
        boolean isUnasked = hasSites && !isSecure();
        if (!isPlain() && (binds.isTaken(80) || isUnasked)) {
            at.section("http")
                    .remark(
                            binds.isTaken(80)
                                    ? "Port 80 is taken above: nobody is redirected."
                                    : "Nothing was served on port 80: this is for nobody. A CA that asks there needs \":80\".")
                    .put("bind", List.of(ANY_PORT));
        }
        if (!isSecure() && (binds.isTaken(443) || isUnasked)) {
            at.section("https")
                    .remark(
                            binds.isTaken(443)
                                    ? "Port 443 is taken above."
                                    : "Nothing was served on port 443: this is for nobody.")
                    .put("bind", List.of(ANY_PORT));
        }
        if (binds.isTaken(9876)) {
            at.section("challenge").put("bind", List.of("127.0.0.1:9878"));
        }
    }

    void write(Mapping at, Tally tally) {
        if (isPlain()) {
            Mapping http = at.section("http");
            bind(plain, http, tally);
            if (!redirect.isEmpty()) {
                remarks.forEach(http::remark);
                http.put("redirect", redirect);
            }
        } else if (isSecure()) {
            at.remark("Port 80 is bound as well, for the challenges of CAs and to redirect to HTTPS.");
        }
        if (isSecure()) {
            Mapping https = at.section("https");
            bind(secure, https, tally);
            List<String> protocols = secure.stream()
                    .flatMap(bind -> bind.alpn().stream())
                    .filter(protocol -> protocol.equals("h2") || protocol.equals("http/1.1"))
                    .distinct()
                    .toList();
            if (!protocols.isEmpty()) {
                https.put("protocols", protocols);
            }
        }
    }

    private static void bind(List<Binds.Bind> binds, Mapping at, Tally tally) {
        List<String> addresses = new ArrayList<>();
        binds.forEach(bind -> addresses.addAll(bind.addresses()));
        at.put("bind", addresses);
        if (binds.stream().allMatch(Binds.Bind::acceptsProxy)) {
            at.remark("Everybody may say who they are: the addresses of your balancers alone are safe.");
            at.put("proxy-protocol", List.of("0.0.0.0/0", "::/0"));
        } else {
            binds.stream()
                    .filter(Binds.Bind::acceptsProxy)
                    .forEach(bind -> tally.note(
                            at,
                            bind.statement(),
                            "accept-proxy holds for all addresses of a listener, or none",
                            "proxy-protocol: [ADDRESSES]"));
        }
    }
}
