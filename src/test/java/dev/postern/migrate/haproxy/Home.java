package dev.postern.migrate.haproxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.pki.Pem;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** The servers of a configuration, and a client of whoever stands in front of them; what comes of each step is written down. */
final class Home implements AutoCloseable {
    private static final String ANYWHERE = "127.0.0.1";

    @FunctionalInterface
    interface Action {
        String come() throws IOException;
    }

    private final Rehomed file;
    private final SSLContext trust;
    private final List<Origin> origins = new ArrayList<>();
    private Map<String, String> outcomes = new LinkedHashMap<>();
    /** Which headers servers are looked at for. */
    private final List<String> looked;

    Home(Rehomed file, TestSite site, Path folder, List<String> looked) throws Exception {
        this.file = file;
        this.trust = site.trust();
        this.looked = looked;
        Set<String> addresses = new HashSet<>();
        Path read = Files.writeString(folder.resolve("servers.cfg"), file.text());
        for (Section section : Sections.read(read, Map.of())) {
            for (Statement line : section.all("server")) {
                ServerLine server = ServerLine.of(line, List.of());
                List<String> ports = server.port().isEmpty() ? bound(section) : List.of(server.port());
                for (String port : ports) {
                    if (!addresses.add(server.host() + ":" + port)) {
                        // A server of two sections is there once.
                        continue;
                    }
                    boolean isSecure =
                            server.isTls() || (section.isTcp() && port.equals(Integer.toString(file.port(443))));
                    origins.add(new Origin(
                            section.name(),
                            server.name(),
                            isSecure || !section.isTcp(),
                            new InetSocketAddress(server.host(), Integer.parseInt(port)),
                            isSecure ? secured(site, folder, section, server) : ServerSocketFactory.getDefault()));
                }
            }
        }
    }

    private static List<String> bound(Section section) {
        List<String> ports = new ArrayList<>();
        for (Statement bind : section.all("bind")) {
            for (String one : bind.word(1).split(",", -1)) {
                String port = one.substring(one.lastIndexOf(':') + 1);
                String[] range = port.split("-", -1);
                for (int i = Integer.parseInt(range[0]); i <= Integer.parseInt(range[range.length - 1]); i++) {
                    if (!ports.contains(Integer.toString(i))) {
                        ports.add(Integer.toString(i));
                    }
                }
            }
        }
        return ports;
    }

    private static ServerSocketFactory secured(TestSite site, Path folder, Section section, ServerLine server)
            throws IOException, GeneralSecurityException {
        String name = server.isTls() ? server.host() : section.name().replace("_tls", "");
        Path chain = folder.resolve(server.name() + "-chain.pem");
        Path key = folder.resolve(server.name() + "-key.pem");
        site.replace(chain, key, name);
        List<X509Certificate> certificates = Pem.readCertificates(Files.readString(chain));
        PrivateKey secret = Pem.readKey(Files.readString(key));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", secret, new char[0], certificates.toArray(X509Certificate[]::new));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context.getServerSocketFactory();
    }

    /** What came of all since the last time. */
    Map<String, String> outcomes() {
        Map<String, String> all = outcomes;
        outcomes = new LinkedHashMap<>();
        return all;
    }

    private List<Origin> of(String section, String server) {
        List<Origin> found = origins.stream()
                .filter(one -> one.section().equals(section) && one.name().equals(server))
                .toList();
        if (found.isEmpty()) {
            throw new IllegalArgumentException(section + " " + server + " (expected: a server of the file)");
        }
        return found;
    }

    /** A server is switched off. */
    void off(String section, String server) throws IOException {
        for (Origin origin : of(section, server)) {
            origin.off();
        }
    }

    void on(String section, String server) {
        of(section, server).forEach(Origin::on);
    }

    /** A server answers everything with this status. */
    void saysOnly(String section, String server, int status) {
        of(section, server).forEach(origin -> origin.status = status);
    }

    /** All servers are there, and well. */
    void allOn() {
        origins.forEach(Origin::on);
    }

    void step(String name, Action action) {
        origins.forEach(Origin::take);
        String outcome;
        try {
            outcome = action.come();
        } catch (SSLException e) {
            outcome = "no handshake";
        } catch (IOException | UncheckedIOException e) {
            outcome = "closed";
        }
        if (outcomes.put(name, outcome) != null) {
            throw new IllegalStateException(name + " (expected: every step once)");
        }
    }

    // ---- HTTP

    /** Whoever asks. */
    record Asking(String from, String to, int port, String serverName, String host) {
        Asking from(String address) {
            return new Asking(address, to, port, serverName, host);
        }

        /** Who comes to another address. */
        Asking at(String address) {
            return new Asking(from, address, port, serverName, host);
        }

        /** Whose Host is not the name in the handshake. */
        Asking asking(String other) {
            return new Asking(from, to, port, serverName, other);
        }

        Asking named(String other) {
            return new Asking(from, to, port, serverName.isEmpty() ? "" : other, other);
        }
    }

    /** Over plain HTTP, at what was this port. */
    Asking plain(int port, String host) {
        return new Asking(ANYWHERE, ANYWHERE, file.port(port), "", host);
    }

    /** Over TLS; the name in the handshake is that of the host. */
    Asking tls(int port, String host) {
        return new Asking(ANYWHERE, ANYWHERE, file.port(port), host, host);
    }

    int port(int original) {
        return file.port(original);
    }

    private Socket connect(String from, String to, int port) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(new InetSocketAddress(to, port), 5_000);
        return socket;
    }

    RawClient client(Asking asking) throws IOException {
        Socket plain = connect(asking.from(), asking.to(), asking.port());
        if (asking.serverName().isEmpty()) {
            return RawClient.over(plain);
        }
        return RawClient.over(handshake(plain, asking.serverName(), new String[] {"http/1.1"}));
    }

    private SSLSocket handshake(Socket plain, String serverName, String[] protocols) throws IOException {
        SSLSocket socket = (SSLSocket) trust.getSocketFactory().createSocket(plain, serverName, plain.getPort(), true);
        SSLParameters offered = socket.getSSLParameters();
        offered.setServerNames(serverName.equals("-") ? List.of() : List.of(new SNIHostName(serverName)));
        offered.setApplicationProtocols(protocols);
        socket.setSSLParameters(offered);
        socket.setSoTimeout(10_000);
        socket.startHandshake();
        return socket;
    }

    /** The protocol that is agreed on, and whose certificate is shown. */
    String hello(int port, String serverName, String... protocols) throws IOException {
        return helloFrom(ANYWHERE, port, serverName, protocols);
    }

    /** The same of a client at another address. */
    String helloFrom(String from, int port, String serverName, String... protocols) throws IOException {
        try (SSLSocket socket = handshake(connect(from, ANYWHERE, file.port(port)), serverName, protocols)) {
            X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            try {
                return socket.getApplicationProtocol() + " "
                        + shown.getSubjectAlternativeNames().stream()
                                .map(each -> String.valueOf(each.get(1)))
                                .sorted()
                                .collect(Collectors.joining(" "));
            } catch (GeneralSecurityException e) {
                throw new IOException(e);
            }
        } catch (IOException e) {
            // By an alert, or without a word.
            return "refused";
        }
    }

    /** What is answered, and what a server saw of it. */
    String ask(Asking asking, String method, String path, String... fields) throws IOException {
        try (RawClient client = client(asking)) {
            return told(exchange(client, asking.host(), method, path, fields)) + seen();
        }
    }

    /** The body is that of a POST. */
    static RawClient.Response exchange(RawClient client, String host, String method, String path, String... fields) {
        String body = method.equals("POST") ? "some text" : "";
        String text = method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + Origin.STEP + ": 1\r\n"
                + Arrays.stream(fields).map(field -> field + "\r\n").collect(Collectors.joining())
                + (body.isEmpty() ? "" : "Content-Length: " + body.length() + "\r\n") + "\r\n" + body;
        return client.send(text).response(method.equals("HEAD"));
    }

    private static String told(RawClient.Response response) {
        StringBuilder told = new StringBuilder(Integer.toString(response.status()));
        boolean isOfServer = !response.header("X-Server").isEmpty();
        // Answers of Postern's own have the headers of responses as well: docs/routes.md.
        for (String name : isOfServer ? List.of("Location", "Strict-Transport-Security") : List.of("Location")) {
            response.header(name)
                    .forEach(value -> told.append(' ').append(name).append(": ").append(value));
        }
        response.header("Set-Cookie")
                .forEach(cookie -> told.append(" Set-Cookie: ").append(cookie(cookie)));
        return told + (isOfServer ? " \"" + response.body() + "\"" : "");
    }

    /** Without its value, and without what browsers take for granted: who says no SameSite means Lax. */
    private static String cookie(String cookie) {
        String[] parts = cookie.split("; *", -1);
        return parts[0].substring(0, parts[0].indexOf('=')) + " "
                + Arrays.stream(parts, 1, parts.length)
                        .map(part -> part.toLowerCase(Locale.ROOT))
                        .filter(part -> !part.equals("samesite=lax"))
                        .sorted()
                        .collect(Collectors.joining(" "));
    }

    private String seen() {
        StringBuilder seen = new StringBuilder();
        for (Origin origin : origins) {
            for (String head : origin.take()) {
                seen.append(" | ").append(head.lines().findFirst().orElse(""));
                head.lines()
                        .skip(1)
                        .filter(line -> looked.contains(line.substring(0, Math.max(0, line.indexOf(':')))
                                .toLowerCase(Locale.ROOT)))
                        .map(line -> {
                            int colon = line.indexOf(':');
                            return line.substring(0, colon).toLowerCase(Locale.ROOT) + line.substring(colon);
                        })
                        .sorted()
                        .forEach(line -> seen.append(" | ").append(line));
            }
        }
        return seen.toString();
    }

    /** Which servers answer so many requests, each on a connection of its own, and how many of them. */
    String shares(int count, Asking asking, String path) throws IOException {
        Map<String, Integer> shares = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            try (RawClient client = client(asking)) {
                RawClient.Response response = exchange(client, asking.host(), "GET", path);
                String who = response.header("X-Server").isEmpty()
                        ? Integer.toString(response.status())
                        : response.header("X-Server").get(0);
                shares.merge(who, 1, Integer::sum);
            }
        }
        return shares.toString();
    }

    /** A server that clients come back to, by what it gave them. */
    String comesBack(Asking asking, String path) throws IOException {
        String cookie = "";
        List<String> servers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            try (RawClient client = client(asking)) {
                RawClient.Response response = cookie.isEmpty()
                        ? exchange(client, asking.host(), "GET", path)
                        : exchange(client, asking.host(), "GET", path, "Cookie: " + cookie);
                if (cookie.isEmpty()) {
                    cookie = response.header("Set-Cookie").get(0).split(";", -1)[0];
                }
                servers.addAll(response.header("X-Server"));
            }
        }
        return servers.stream().distinct().count() == 1 ? "to the same server" : servers.toString();
    }

    String webSocket(Asking asking, String path) throws IOException {
        try (RawClient client = client(asking)) {
            RawClient.Response response = client.send("GET " + path + " HTTP/1.1\r\nHost: " + asking.host()
                            + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                    .response();
            client.send(new byte[] {(byte) 0x81, (byte) 0x82, 1, 2, 3, 4, 'h' ^ 1, 'i' ^ 2});
            byte[] back = client.in().readNBytes(8);
            return response.status() + " " + (back[6] == ('h' ^ 1) ? "echo" : "nothing");
        }
    }

    // ---- TCP

    /** What is said is what a server repeats. */
    String say(String to, int port, String text) throws IOException {
        try (Socket socket = connect(ANYWHERE, to, port)) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(text.getBytes(ISO_8859_1));
            socket.shutdownOutput();
            String heard = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
            return heard.isEmpty() ? "closed" : heard.replace("\n", "/");
        }
    }

    String sayOverTls(int port, String serverName, String text) throws IOException {
        try (SSLSocket socket = handshake(connect(ANYWHERE, ANYWHERE, file.port(port)), serverName, new String[0])) {
            socket.getOutputStream().write(text.getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readNBytes(20), ISO_8859_1);
        }
    }

    /** Which servers have so many connections, and what they heard. */
    String tcpShares(int count, String to, int port, String text) throws IOException {
        Map<String, Integer> shares = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            shares.merge(say(to, port, text), 1, Integer::sum);
        }
        return shares.toString();
    }

    /** Again until it is so, for health checks take their time; what it was in the end. */
    String until(Predicate<String> wanted, Action action) throws IOException {
        String last = "";
        long end = System.nanoTime() + 20_000_000_000L;
        while (System.nanoTime() < end) {
            try {
                last = action.come();
            } catch (IOException | UncheckedIOException e) {
                last = "closed";
            }
            if (wanted.test(last)) {
                return last;
            }
            LockSupport.parkNanos(50_000_000);
        }
        return "still " + last;
    }

    @Override
    public void close() throws IOException {
        for (Origin origin : origins) {
            origin.close();
        }
    }
}
