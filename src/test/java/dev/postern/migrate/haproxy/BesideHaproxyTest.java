package dev.postern.migrate.haproxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.migrate.Imported;
import dev.postern.testing.FreePorts;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * HAProxy with a configuration, then Postern with what the import made of it, in front of the same servers: the same clients
 * get the same answers, and the servers see the same of them. Where they do not, the table of the case says why.
 * {@code target/beside-haproxy.txt} has what came of each step.
 */
@Tag("long") // Two processes for each file, and servers that have to be found down.
class BesideHaproxyTest {
    private static final Path FILES = Path.of("src/test/resources/migrate/haproxy");

    @TempDir
    private Path folder;

    private TestSite site;

    /** What one does with a home. */
    @FunctionalInterface
    interface Script {
        void with(Home home) throws Exception;
    }

    /** Where Postern does something else, and is meant to. */
    @FunctionalInterface
    interface Meant {
        boolean is(String step, String haproxy, String postern);
    }

    /** @param differences step → why Postern does something else there; each is one */
    private void beside(
            String name, Map<String, String> files, List<String> looked, Map<String, String> differences, Script script)
            throws Exception {
        List<String> found = new ArrayList<>();
        beside(
                name,
                files,
                looked,
                (step, haproxy, postern) -> differences.containsKey(step) && found.add(step),
                script);
        assertThat(found)
                .as("differences, each with its reason")
                .containsExactlyInAnyOrderElementsOf(differences.keySet());
    }

    private void beside(String name, Map<String, String> files, List<String> looked, Meant meant, Script script)
            throws Exception {
        Path program = RealPrograms.require("haproxy", "haproxy");
        Rehomed file = new Rehomed(Files.readString(FILES.resolve(name)), files);
        Path config = Files.writeString(folder.resolve(name), file.text());
        Map<String, String> haproxy;
        Map<String, String> postern;
        try (Home home = new Home(file, site, folder, looked)) {
            Process process = new ProcessBuilder(program.toString(), "-db", "-f", config.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("haproxy.log").toFile())
                    .start();
            try {
                await(file, process);
                script.with(home);
            } finally {
                process.destroyForcibly().onExit().join();
            }
            haproxy = home.outcomes();
            home.allOn();
            Imported imported = HaproxyImport.read(config, Map.of(), Clock.systemUTC());
            // Port 80 is one for the whole machine.
            String text = imported.text()
                    .replaceFirst(
                            "(?m)^listeners:\n  # Port 80 is bound as well.*\n",
                            "listeners:\n  http: { bind: \"127.0.0.1:" + FreePorts.next() + "\" }\n");
            Path yaml = Files.writeString(folder.resolve("postern.yaml"), text);
            try (PosternProcess edge = PosternProcess.start(folder, "run", "-c", yaml.toString())) {
                edge.awaitLine("Edge - ready: ");
                script.with(home);
            }
            postern = home.outcomes();
        }
        report(name, haproxy, postern);
        List<String> unexplained = new ArrayList<>();
        haproxy.forEach((step, outcome) -> {
            String ours = postern.getOrDefault(step, "");
            if (!ours.equals(outcome) && !meant.is(step, outcome, ours)) {
                unexplained.add(step + "\n  haproxy: " + outcome + "\n  postern: " + ours);
            }
        });
        assertThat(unexplained).isEmpty();
    }

    private void await(Rehomed file, Process process) throws IOException {
        TreeSet<String> addresses = new TreeSet<>();
        for (Section section : Sections.read(Files.writeString(folder.resolve("await.cfg"), file.text()), Map.of())) {
            for (Statement bind : section.all("bind")) {
                for (String one : bind.word(1).split(",", -1)) {
                    addresses.add(one.replaceAll("-\\d+$", ""));
                }
            }
        }
        Awaitility.await().ignoreExceptions().untilAsserted(() -> {
            assertThat(process.isAlive())
                    .as(() -> {
                        try {
                            return Files.readString(folder.resolve("haproxy.log"));
                        } catch (IOException e) {
                            return e.toString();
                        }
                    })
                    .isTrue();
            for (String address : addresses) {
                int colon = address.lastIndexOf(':');
                try (Socket socket = new Socket()) {
                    socket.connect(new InetSocketAddress(
                            address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))));
                }
            }
        });
    }

    private static void report(String name, Map<String, String> haproxy, Map<String, String> postern)
            throws IOException {
        StringBuilder text = new StringBuilder(name + "\n");
        haproxy.forEach((step, outcome) -> {
            text.append("  ").append(step).append("\n    ").append(outcome).append('\n');
            if (!outcome.equals(postern.get(step))) {
                text.append("  ! ").append(postern.get(step)).append('\n');
            }
        });
        Files.writeString(Path.of("target/beside-haproxy-" + name.replace(".cfg", ".txt")), text);
    }

    /** Certificate and key in one file, as HAProxy has them. */
    private Path pem(String file, String... names) throws IOException {
        Path chain = folder.resolve(names[0] + ".chain");
        Path key = folder.resolve(names[0] + ".key");
        site.replace(chain, key, names);
        Path both = folder.resolve(file);
        Files.createDirectories(both.getParent());
        return Files.writeString(both, Files.readString(chain) + Files.readString(key));
    }

    private static Map<String, String> because(String... stepsAndReasons) {
        Map<String, String> table = new LinkedHashMap<>();
        for (int i = 0; i < stepsAndReasons.length; i += 2) {
            table.put(stepsAndReasons[i], stepsAndReasons[i + 1]);
        }
        return table;
    }

    @BeforeEach
    void makeSite() {
        site = new TestSite(folder);
    }

    @Test
    void webPair() throws Exception {
        beside(
                "web-pair.cfg",
                Map.of(),
                List.of("host", "x-forwarded-for", "x-forwarded-port"),
                because(
                        "the other section",
                        "X-Forwarded-Port is written for everybody",
                        "what a client says of itself",
                        "what a client says in X-Forwarded-For is thrown away: it is nobody whom one trusts"),
                home -> {
                    Home.Asking web = home.plain(80, "www.example.com").at("127.0.2.10");
                    home.step("any host", () -> home.ask(web, "GET", "/a?b=c"));
                    home.step("another host", () -> home.ask(web.named("10.1.2.3:99"), "GET", "/"));
                    home.step("POST", () -> home.ask(web, "POST", "/form"));
                    home.step("HEAD", () -> home.ask(web, "HEAD", "/"));
                    home.step("OPTIONS", () -> home.ask(web, "OPTIONS", "/"));
                    home.step(
                            "what a client says of itself",
                            () -> home.ask(web, "GET", "/", "X-Forwarded-For: 192.0.2.9"));
                    home.step("in turn", () -> home.shares(4, web, "/"));
                    home.step(
                            "the other section",
                            () -> home.ask(home.plain(8080, "www.example.com").at("127.0.2.10"), "GET", "/"));
                    home.step("one server down", () -> {
                        home.off("pair", "first.example.com");
                        return home.until("{second.example.com=4}"::equals, () -> home.shares(4, web, "/"));
                    });
                });
    }

    @Test
    void services() throws Exception {
        beside(
                "services.cfg",
                Map.of("/var/run/lb.sock", folder.resolve("lb.sock").toString()),
                List.of("host"),
                because(
                        "users",
                        "the cookie is HttpOnly, always",
                        "mail in shares",
                        "m2 alone has send-proxy, which a backend sends to all of its servers or none: told by the import"),
                home -> {
                    int ftp = home.port(21);
                    int range = home.port(50000);
                    home.step("ftp", () -> home.say("127.0.0.5", ftp, "USER a\n"));
                    home.step("ftp at the other address", () -> home.say("127.0.0.6", ftp, "USER a\nPASS b\n"));
                    home.step("the first port of a range", () -> home.say("127.0.0.1", range, "a\n"));
                    home.step("the last one", () -> home.say("127.0.0.1", range + 1, "a\n"));
                    home.step("ftp in backup", () -> {
                        home.off("passive-ftp", "ftp1");
                        return home.until(it -> it.contains("ftp2"), () -> home.say("127.0.0.5", ftp, "a\n"));
                    });
                    home.step("ftp again", () -> {
                        home.on("passive-ftp", "ftp1");
                        return home.until(it -> it.contains("ftp1"), () -> home.say("127.0.0.5", ftp, "a\n"));
                    });
                    home.step("mail in shares", () -> home.tcpShares(8, "127.0.0.1", home.port(25), "EHLO a\n"));
                    home.step(
                            "mail at the other port",
                            () -> home.say("127.0.0.1", home.port(587), "EHLO a\n")
                                    .substring(0, 4));
                    String hello = "\3\0\0\56\51\340\0\0\0\0\0Cookie: mstshash=alice\r\n\1\0\10\0\0\0\0\0\n";
                    home.step("a desktop, and the same again", () -> {
                        String first = home.say("127.0.0.1", home.port(3389), hello);
                        return first.equals(home.say("127.0.0.1", home.port(3389), hello)) ? "the same" : "another";
                    });
                    home.step("database", () -> home.say("127.0.0.1", home.port(5432), "SELECT\n"));
                    home.step("database in backup", () -> {
                        home.off("database", "primary");
                        return home.until(
                                it -> it.contains("standby"), () -> home.say("127.0.0.1", home.port(5432), "a\n"));
                    });
                    Home.Asking assets = home.plain(8081, "assets.example.com");
                    home.step("assets", () -> home.ask(assets, "GET", "/a/b/c"));
                    home.step(
                            "assets of one folder",
                            () -> home.shares(4, assets, "/a/b/c").contains("=4") ? "one server" : "several");
                    Home.Asking users = home.plain(8082, "users.example.com");
                    home.step("users", () -> home.ask(users, "GET", "/?userid=7"));
                    home.step("users come back", () -> home.comesBack(users, "/"));
                    home.step("statistics", () -> home.ask(home.plain(9000, "localhost"), "GET", "/"));
                });
    }

    @Test
    void tlsCertbot() throws Exception {
        Path pem = pem("www.example.com.pem", "www.example.com");
        beside(
                "tls-certbot.cfg",
                Map.of("/etc/ssl/lb/www.example.com.pem", pem.toString()),
                List.of("host"),
                because(),
                home -> {
                    Home.Asking plain = home.plain(80, "www.example.com");
                    Home.Asking tls = home.tls(443, "www.example.com");
                    String token = "/.well-known/acme-challenge/ad2c51";
                    home.step("plain", () -> home.ask(plain, "GET", "/a?b=c"));
                    home.step("plain POST", () -> home.ask(plain, "POST", "/"));
                    home.step("plain, another host", () -> home.ask(plain.named("other.example.net"), "GET", "/"));
                    home.step("plain token", () -> home.ask(plain, "GET", token));
                    home.step(
                            "plain token of another host",
                            () -> home.ask(plain.named("other.example.net"), "GET", token));
                    home.step("plain, beside the tokens", () -> home.ask(plain, "GET", "/.well-known/other"));
                    home.step("TLS", () -> home.ask(tls, "GET", "/a?b=c"));
                    home.step("TLS POST", () -> home.ask(tls, "POST", "/"));
                    home.step("TLS HEAD", () -> home.ask(tls, "HEAD", "/"));
                    home.step("TLS token", () -> home.ask(tls, "GET", token));
                    home.step(
                            "TLS, whose scheme the client says",
                            () -> home.ask(tls, "GET", "/", "X-Forwarded-Proto: http"));
                    home.step("h2", () -> home.hello(443, "www.example.com", "h2", "http/1.1"));
                    home.step("http/1.1", () -> home.hello(443, "www.example.com", "http/1.1"));
                    home.step("another name in the handshake", () -> home.hello(443, "other.example.net", "h2"));
                    home.step("no name in the handshake", () -> home.hello(443, "-", "h2"));
                    home.step("in turn", () -> home.shares(4, tls, "/"));
                    home.step("comes back", () -> home.comesBack(tls, "/"));
                    home.step("WebSocket", () -> home.webSocket(tls, "/chat"));
                    home.step("a server that is unwell", () -> {
                        home.saysOnly("app", "app1", 503);
                        return home.until("{app2=4}"::equals, () -> home.shares(4, tls, "/"));
                    });
                    home.step("no server", () -> {
                        home.off("app", "app1");
                        home.off("app", "app2");
                        return home.until("{503=2}"::equals, () -> home.shares(2, tls, "/"));
                    });
                });
    }

    @Test
    void sni() throws Exception {
        Path page = Files.writeString(
                folder.resolve("503.http"), "HTTP/1.0 503 Sorry\r\nContent-Type: text/plain\r\n\r\nsorry\n");
        beside(
                "sni.cfg",
                Map.of("/etc/lb/errors/503.http", page.toString()),
                List.of("host"),
                because(
                        "plain, another host",
                        "nobody's host is answered 404; with HAProxy it has no backend, which is a 503",
                        "no TLS at all",
                        "whoever speaks plain HTTP there is told so"),
                home -> {
                    for (String name : List.of("one.example.net", "two.example.net")) {
                        home.step("plain " + name, () -> home.ask(home.plain(80, name), "GET", "/a"));
                        home.step(
                                "plain with a port " + name,
                                () -> home.ask(home.plain(80, name + ":8080"), "GET", "/"));
                        home.step("TLS " + name, () -> home.ask(home.tls(443, name), "GET", "/a?b"));
                        home.step("whose certificate " + name, () -> home.hello(443, name));
                    }
                    home.step("plain, capital letters", () -> home.ask(home.plain(80, "ONE.example.net"), "GET", "/"));
                    home.step("plain, another host", () -> home.ask(home.plain(80, "three.example.net"), "GET", "/"));
                    home.step("TLS, capital letters", () -> home.hello(443, "ONE.example.net"));
                    home.step("TLS, another name", () -> home.hello(443, "three.example.net"));
                    home.step("TLS, no name", () -> home.hello(443, "-"));
                    home.step("no TLS at all", () -> home.say("127.0.0.1", home.port(443), "GET / HTTP/1.0\r\n\r\n"));
                });
    }

    @Test
    void content() throws Exception {
        pem("lb/site.pem", "www.example.org", "example.org", "api.example.org");
        Map<String, String> differences = new LinkedHashMap<>();
        for (String host : List.of("www.example.org", "api.example.org")) {
            for (String from : List.of("", "office ")) {
                differences.put(from + host + "/imgx", "paths are taken by whole segments: told by the import");
                differences.put(from + host + "/logo.png", "no route asks for the end of a path: told by the import");
            }
        }
        for (String host : List.of("www.example.org", "api.example.org", "example.org")) {
            differences.put(host + "/adminx", "paths are taken by whole segments: NOT KEPT OUT HERE, says the import");
        }
        beside(
                "content.cfg",
                Map.of(
                        "/etc/ssl/lb/",
                        folder.resolve("lb").toString(),
                        "/etc/ssl/internal-ca.pem",
                        site.rootFile().toString()),
                List.of("host", "x-debug"),
                differences,
                home -> {
                    List<String> paths = List.of(
                            "/",
                            "/img/a",
                            "/css",
                            "/js/x.js",
                            "/imgx",
                            "/logo.png",
                            "/admin",
                            "/admin/x",
                            "/adminx",
                            "/api/users",
                            "/api",
                            "/upload/x",
                            "/uploadx");
                    for (String host : List.of("www.example.org", "api.example.org", "example.org")) {
                        Home.Asking tls = home.tls(443, host);
                        for (String path : paths) {
                            home.step(host + path, () -> home.ask(tls, "GET", path, "X-Debug: 1"));
                            home.step("office " + host + path, () -> home.ask(tls.from("127.51.100.9"), "GET", path));
                        }
                        home.step("POST " + host, () -> home.ask(tls, "POST", "/upload/x"));
                        home.step("HEAD " + host, () -> home.ask(tls, "HEAD", "/"));
                    }
                    Home.Asking www = home.tls(443, "www.example.org");
                    home.step("another office", () -> home.ask(www.from("127.0.113.7"), "GET", "/admin"));
                    home.step("next door", () -> home.ask(www.from("127.0.113.8"), "GET", "/admin"));
                    home.step(
                            "files of one path",
                            () -> home.shares(4, www, "/img/a").contains("=4") ? "one" : "several");
                    home.step("sorry", () -> {
                        home.off("pages", "p1");
                        home.off("pages", "p2");
                        return home.until("{sorry=3}"::equals, () -> home.shares(3, www, "/"));
                    });
                });
    }

    @Test
    void listeners() throws Exception {
        Map<String, String> files = Map.of(
                "/etc/ssl/lb/www.example.com.pem",
                        pem("www.pem", "www.example.com", "two.example.com").toString(),
                "/etc/ssl/lb/inner.example.com.pem",
                        pem("inner.pem", "inner.example.com").toString(),
                "/etc/ssl/lb/cache.example.com.pem",
                        pem("cache.pem", "cache.example.com").toString());
        beside("listeners.cfg", files, List.of("host"), because(), home -> {
            List<String> hosts = List.of(
                    "one.example.com", "two.example.com", "www.example.com", "inner.example.com", "cache.example.com");
            for (String host : hosts) {
                for (int port : List.of(80, 8081, 8082)) {
                    home.step("plain at " + port + " " + host, () -> home.ask(home.plain(port, host), "GET", "/"));
                }
            }
            for (String host : List.of("www.example.com", "two.example.com")) {
                home.step("TLS " + host, () -> home.ask(home.tls(443, host), "GET", "/"));
            }
            home.step(
                    "another Host over TLS",
                    () -> home.ask(home.tls(443, "www.example.com").asking("one.example.com"), "GET", "/"));
            home.step("the name of the service over TLS", () -> home.hello(443, "cache.example.com"));
            home.step("the inner name over TLS", () -> home.hello(443, "inner.example.com"));
            Home.Asking inner = home.tls(8443, "inner.example.com").at("127.0.0.1");
            home.step("inside", () -> home.ask(inner, "GET", "/"));
            home.step("inside, from outside", () -> home.ask(inner.from("127.9.0.1"), "GET", "/"));
            home.step("private", () -> home.ask(home.plain(8082, "a.example.com"), "GET", "/private"));
            home.step("service", () -> home.sayOverTls(6380, "cache.example.com", "GET a\n"));
        });
    }

    @Test
    void passthrough() throws Exception {
        Map<String, String> files = Map.of(
                "/etc/ssl/lb/redis.example.com.pem",
                pem("redis.pem", "redis.example.com").toString());
        beside(
                "passthrough.cfg",
                files,
                List.of(),
                because("a.b.many.example.com", "*.many.example.com stands for one label: told by the import"),
                home -> {
                    for (String name : List.of(
                            "inner.example.com",
                            "INNER.example.com",
                            "gone.example.com",
                            "x.many.example.com",
                            "a.b.many.example.com",
                            "many.example.com",
                            "redis.example.com",
                            "other.example.net",
                            "-")) {
                        home.step(name, () -> home.hello(443, name));
                    }
                    for (String from : List.of("127.0.0.9", "127.9.0.1", "127.51.100.1", "127.8.0.1")) {
                        for (String name : List.of("inner.example.com", "gone.example.com", "other.example.net")) {
                            home.step(name + " from " + from, () -> home.helloFrom(from, 443, name));
                        }
                    }
                    home.step("service", () -> home.sayOverTls(6380, "redis.example.com", "GET a\n"));
                    home.step("service from elsewhere", () -> home.helloFrom("127.8.0.1", 6380, "redis.example.com"));
                });
    }

    private static final List<String> CLIENTS = List.of(
            "127.0.0.1",
            "127.0.5.1",
            "127.1.0.1",
            "127.9.0.1",
            "127.9.1.1",
            "127.51.100.1",
            "127.0.113.1",
            "127.0.2.7",
            "127.77.2.7");

    /** Who is closed on by HAProxy without a word is answered 403. */
    private static boolean isKeptOut(String outcome) {
        return outcome.equals("closed") || outcome.startsWith("403") || outcome.startsWith("405");
    }

    /** Whatever could not be carried over is told; nobody is kept out whom HAProxy lets in. */
    @Test
    void nobodyMoreIsKeptOut() throws Exception {
        List<String> paths = List.of(
                "/",
                "/admin",
                "/admin/x",
                "/adminx",
                "/api/x",
                "/api",
                "/a.bak",
                "/upload",
                "/Secret/a",
                "/secret/a",
                "/public/x",
                "/public/y",
                "/login",
                "/alive",
                "/x");
        Meant meant = (step, haproxy, postern) -> isKeptOut(haproxy);
        beside("denials.cfg", Map.of(), List.of(), meant, home -> {
            for (String from : CLIENTS) {
                Home.Asking web = home.plain(80, "www.example.com").from(from);
                for (String path : paths) {
                    home.step(from + " " + path, () -> home.ask(web, "GET", path));
                }
                home.step(from + " HEAD", () -> home.ask(web, "HEAD", "/upload"));
                home.step(from + " POST", () -> home.ask(web, "POST", "/upload"));
                home.step(from + " curl", () -> home.ask(web, "GET", "/public/y", "User-Agent: curl/8"));
                home.step(from + " CURL", () -> home.ask(web, "GET", "/public/y", "User-Agent: CURL/8"));
                home.step(from + " net", () -> home.ask(web.named("a.example.net"), "GET", "/public/y"));
                home.step(from + " below net", () -> home.ask(web.named("a.b.example.net"), "GET", "/public/y"));
            }
        });
    }

    @Test
    void theSameAreKeptOut() throws Exception {
        List<String> paths = List.of(
                "/",
                "/alive",
                "/open/x",
                "/open",
                "/admin/",
                "/admin/x",
                "/admin/keys/a",
                "/shop/",
                "/shop/x",
                "/shop/old/x",
                "/form",
                "/elsewhere");
        Meant meant = (step, haproxy, postern) -> haproxy.equals("closed") && isKeptOut(postern);
        beside("kept-out.cfg", Map.of(), List.of("x-shop"), meant, home -> {
            for (String from : CLIENTS) {
                for (String host : List.of("www.example.com", "blog.example.com")) {
                    Home.Asking web = home.plain(80, host).from(from);
                    for (String path : paths) {
                        String step = from + " " + host + path;
                        home.step(step, () -> home.ask(web, "GET", path));
                        home.step(step + " POST", () -> home.ask(web, "POST", path));
                        home.step(step + " HEAD", () -> home.ask(web, "HEAD", path));
                        home.step(step + " with a key", () -> home.ask(web, "GET", path, "X-Key: two"));
                    }
                }
            }
        });
    }
}
