package dev.postern.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.migrate.caddy.CaddyImport;
import dev.postern.migrate.nginx.NginxImport;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Many small sites made of what nginx and Caddy can say, each asked for many paths: what the program answers is what Postern answers, by
 * whatever the import made of it, unless a note says of a line of the site that it is not so. {@code -Dmigrate.seed=N} makes others, and
 * {@code -Dmigrate.sites=N} so many.
 */
@Tag("long")
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RandomFilesBesideTheOriginalsTest {
    private static final int SITES = Integer.getInteger("migrate.sites", 80);
    private static final List<String> PATHS = List.of(
            "/",
            "/a",
            "/a/",
            "/a/x",
            "/a/b",
            "/a/b/",
            "/a/b/c?d=e",
            "/b",
            "/b/",
            "/b/a/c",
            "/c",
            "/c/d/e",
            "/a/b/c/d",
            "/r/x?y=z",
            "/p/x",
            "/p/a/b",
            "/p/a/a/b/c",
            "/q/b/x?y=z",
            "/zz");

    private static final List<String> HARMLESS = List.of(
            "in Caddy's order it is never reached",
            "paths are taken as they are written",
            "it is never reached: all is answered before it",
            "nothing that was carried over makes use of it",
            "which is not carried over");

    private static final Map<String, String> MATCHERS = Map.of(
            "@post", "method POST",
            "@try", "header X-Try 1",
            "@here", "remote_ip 127.0.0.0/8",
            "@there", "remote_ip 192.0.2.0/24",
            "@nothere", "not remote_ip 127.0.0.1",
            "@both", "{\nmethod POST\npath /a/* /b/*\n}");

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final Random random = new Random(Long.getLong("migrate.seed", 11));
    private @Nullable Process program;

    @AfterEach
    void endTheOriginal() {
        if (program != null) {
            program.destroyForcibly().onExit().join();
        }
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private boolean oneIn(int count) {
        return random.nextInt(count) == 0;
    }

    private int server() {
        return edge.closes(TestServer.start((request, connection) -> {
                    StringBuilder body = new StringBuilder(request.line().replaceAll(" HTTP/1\\.[01]$", ""));
                    for (String header : List.of("Host", "X-Up")) {
                        request.header(header)
                                .forEach(value -> body.append(' ')
                                        .append(header)
                                        .append('=')
                                        .append(value));
                    }
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                }))
                .port();
    }

    private void start(int port, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(edge.directory().resolve("original.log").toFile());
        for (String variable : List.of("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")) {
            builder.environment().put(variable, edge.directory().toString());
        }
        Process started = builder.start();
        program = started;
        Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
        Awaitility.await(command[0])
                .failFast(() -> {
                    if (!started.isAlive()) {
                        throw new AssertionError(
                                Files.readString(edge.directory().resolve("original.log")));
                    }
                })
                .ignoreExceptions()
                .untilAsserted(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
    }

    /** Asks both for everything, of all sites that no note is about. */
    private void compare(List<String> sites, Imported imported, Path file, int port) throws Exception {
        int other = FreePorts.next();
        String text = imported.text()
                .replace(":" + port + "\"]", ":" + other + "\"]")
                .replace("[127.0.0.1:" + port + "]", "[127.0.0.1:" + other + "]");
        String challenge = "\nlisteners:\n  challenge:\n    bind: [\"127.0.0.1:0\"]\n";
        edge.start(text.replace("\nlisteners:\n", challenge));
        int asked = 0;
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < sites.size(); i++) {
            String host = "s" + i + ".example.com";
            int first = lines.indexOf("# " + i) + 1;
            int last = lines.indexOf("# end " + i) + 1;
            if (isNoted(imported.text(), file.getFileName().toString(), first, last)) {
                continue;
            }
            asked++;
            for (String path : PATHS) {
                for (String method : List.of("GET", "POST")) {
                    for (String header : List.of("", "X-Try: 1\r\n")) {
                        Function<Integer, String> ask = at -> {
                            try (RawClient client = RawClient.plain(at)) {
                                return said(client.send(method + " " + path + " HTTP/1.1\r\nHost: " + host
                                                + "\r\nContent-Length: 0\r\n" + header + "Connection: close\r\n\r\n")
                                        .response());
                            }
                        };
                        assertThat(ask.apply(other))
                                .as(() -> method + " " + path + " " + header + "\n"
                                        + String.join("\n", lines.subList(first, last)) + "\n" + of(text, host))
                                .isEqualTo(ask.apply(port));
                    }
                }
            }
        }
        // Not all of them in vain.
        assertThat(asked).isGreaterThan(SITES / 4);
    }

    private static String of(String text, String host) {
        int at = text.indexOf("- names: [" + host + "]");
        return at < 0 ? text : text.substring(at, Math.min(text.length(), at + 2000));
    }

    /** Of any line but those that say no more than what the program does as well. */
    private static boolean isNoted(String text, String name, int first, int last) {
        List<String> lines = text.lines().map(String::strip).toList();
        for (int i = 0; i + 1 < lines.size() && !lines.get(i).startsWith("# What Postern does by itself"); i++) {
            String start = "# " + name + ":";
            if (lines.get(i).startsWith(start)) {
                String number = lines.get(i).substring(start.length()).split(":", -1)[0];
                int line = Integer.parseInt(number);
                boolean isHarmless = HARMLESS.stream().anyMatch(lines.get(i + 1)::contains);
                if (line >= first && line <= last && !isHarmless) {
                    return true;
                }
            }
        }
        return false;
    }

    private static String said(RawClient.Response response) {
        StringBuilder said = new StringBuilder().append(response.status());
        if (response.status() == 403) {
            // Who is kept out by address hears of headers that others would have.
            return "403";
        }
        for (String header : List.of("Location", "X-Down", "X-Site")) {
            response.header(header)
                    .forEach(value -> said.append(' ')
                            .append(header)
                            .append('=')
                            .append(value.replaceFirst("^http://s[0-9]+\\.example\\.com(:[0-9]+)?", "")));
        }
        return response.status() == 200 ? said + " " + response.body() : said.toString();
    }

    @Test
    void serversOfNginxAnswerAsBefore() throws Exception {
        Path nginx = RealPrograms.require("nginx", "nginx-light");
        int port = FreePorts.next();
        String app = "127.0.0.1:" + server();
        List<String> sites = new ArrayList<>();
        StringBuilder text = new StringBuilder("""
                daemon off;
                master_process off;
                pid nginx.pid;
                error_log error.log;
                events { worker_connections 256; }
                http {
                access_log off;
                client_body_temp_path bodies;
                proxy_temp_path temporary;
                fastcgi_temp_path temporary;
                uwsgi_temp_path temporary;
                scgi_temp_path temporary;
                server { listen 127.0.0.1:%d default_server; return 404; }
                """.formatted(port));
        for (int i = 0; i < SITES; i++) {
            String site = nginxServer(i, port, app);
            sites.add(site);
            text.append("# ")
                    .append(i)
                    .append('\n')
                    .append(site)
                    .append("# end ")
                    .append(i)
                    .append('\n');
        }
        Path file = Files.writeString(edge.directory().resolve("nginx.conf"), text.append("}\n"));
        start(port, nginx.toString(), "-p", edge.directory() + "/", "-e", "error.log", "-c", file.toString());

        compare(sites, NginxImport.read(file, Clock.systemUTC()), file, port);
    }

    private String nginxServer(int number, int port, String app) {
        StringBuilder text = new StringBuilder(
                "server {\nlisten 127.0.0.1:" + port + ";\nserver_name s" + number + ".example.com;\n");
        if (oneIn(4)) {
            text.append("add_header X-Site site always;\n");
        }
        if (oneIn(5)) {
            text.append(one(
                    List.of("allow 127.0.0.1;\ndeny all;\n", "deny 127.0.0.0/8;\n", "deny 192.0.2.1;\nallow all;\n")));
        }
        if (oneIn(4)) {
            text.append("proxy_set_header Host $host;\n");
        }
        if (oneIn(4)) {
            text.append(one(List.of(
                    "rewrite ^/r/(.*)$ /a/$1 permanent;\n",
                    "rewrite ^/r/(.*)$ /a/b/$1 redirect;\n",
                    "rewrite ^/r/(.*)$ /a/$1 last;\n",
                    "if ($request_method = POST) { return 405; }\n",
                    "if ($http_x_try = 1) { return 418; }\n")));
        }
        Set<String> taken = new LinkedHashSet<>();
        for (int i = 1 + random.nextInt(5); i > 0; i--) {
            String where = one(List.of(
                    "/",
                    "/",
                    "/a/",
                    "/a/",
                    "/a/b/",
                    "/a/b/c/",
                    "/b/",
                    "= /a",
                    "= /a/b",
                    "= /",
                    "^~ /a/",
                    "^~ /b/",
                    "~ ^/a/b/",
                    "~ ^/(b|c)/"));
            if (taken.add(where.replace("^~ ", ""))) {
                text.append("location ")
                        .append(where)
                        .append(" {\n")
                        .append(content(app, where.startsWith("~")))
                        .append("}\n");
            }
        }
        if (taken.add("/")) {
            text.append("location / {\nproxy_pass http://").append(app).append(";\n}\n");
        }
        return text.append("}\n").toString();
    }

    private String content(String app, boolean isRegex) {
        StringBuilder text = new StringBuilder();
        if (oneIn(4)) {
            text.append("add_header X-Down down always;\n");
        }
        if (oneIn(6)) {
            text.append(one(List.of("deny all;\n", "allow 127.0.0.1;\ndeny all;\n", "allow all;\n")));
        }
        if (oneIn(4)) {
            text.append("proxy_set_header X-Up up;\n");
        }
        if (oneIn(8)) {
            text.append("proxy_set_header Host asked.example.com;\n");
        }
        int number = random.nextInt(1000);
        return text.append(one(List.of(
                        "return 200 \"" + number + "\";\n",
                        "return 302 /to/" + number + ";\n",
                        "return 308 https://elsewhere.example.com$request_uri;\n",
                        "return 410;\n",
                        "proxy_pass http://" + app + ";\n",
                        "proxy_pass http://" + app + ";\n",
                        isRegex ? "proxy_pass http://" + app + ";\n" : "proxy_pass http://" + app + "/z/;\n",
                        "internal;\nproxy_pass http://" + app + ";\n",
                        "deny all;\n")))
                .toString();
    }

    @Test
    void sitesOfCaddyAnswerAsBefore() throws Exception {
        Path caddy = RealPrograms.require("caddy", "caddy");
        int port = FreePorts.next();
        String app = "127.0.0.1:" + server();
        List<String> sites = new ArrayList<>();
        StringBuilder text = new StringBuilder("{\nadmin off\nhttp_port " + port + "\nauto_https off\n}\n");
        for (int i = 0; i < SITES; i++) {
            StringBuilder site = new StringBuilder("http://s" + i + ".example.com {\n");
            StringBuilder inside = new StringBuilder();
            directives(inside, app, 0, 1 + random.nextInt(5));
            MATCHERS.forEach((name, matcher) -> {
                if (inside.indexOf(name + " ") >= 0) {
                    site.append(name).append(' ').append(matcher).append('\n');
                }
            });
            site.append(inside);
            // Whatever is left, so that nothing is answered by nobody.
            site.append("reverse_proxy ").append(app).append("\n}\n");
            sites.add(site.toString());
            text.append("# ")
                    .append(i)
                    .append('\n')
                    .append(site)
                    .append("# end ")
                    .append(i)
                    .append('\n');
        }
        Path file = Files.writeString(edge.directory().resolve("Caddyfile"), text);
        start(port, caddy.toString(), "run", "--adapter", "caddyfile", "--config", file.toString());

        compare(sites, CaddyImport.read(file, Map.of(), Clock.systemUTC()), file, port);
    }

    private void directives(StringBuilder text, String app, int depth, int count) {
        // Caddy makes one of blocks with the same matcher, and asks it once.
        Set<String> heads = new LinkedHashSet<>();
        for (int i = 0; i < count; i++) {
            String matcher = one(List.of(
                    "",
                    "",
                    "/a/* ",
                    "/a/* ",
                    "/a/b/* ",
                    "/a/b ",
                    "/b/* ",
                    "/c/* ",
                    "@post ",
                    "@try ",
                    "@both ",
                    "@here ",
                    "@there ",
                    "@nothere "));
            int number = random.nextInt(1000);
            switch (random.nextInt(depth < 2 ? 12 : 8)) {
                case 0 ->
                    text.append("header ")
                            .append(matcher)
                            .append("X-Down ")
                            .append(number)
                            .append('\n');
                case 1 ->
                    text.append("request_header ")
                            .append(matcher)
                            .append("X-Up ")
                            .append(number)
                            .append('\n');
                case 2 ->
                    text.append("respond ")
                            .append(matcher)
                            .append("\"b")
                            .append(number)
                            .append("\"\n");
                case 3 -> text.append("respond ").append(matcher).append("403\n");
                case 4 ->
                    text.append("redir ")
                            .append(matcher.isEmpty() ? "* " : matcher)
                            .append(one(List.of("/to{uri}", "/there", "https://elsewhere.example.com{uri} permanent")))
                            .append('\n');
                case 5, 6 ->
                    text.append("reverse_proxy ").append(matcher).append(app).append('\n');
                case 7 -> text.append("error ").append(matcher).append("418\n");
                case 8, 9 -> block(text, "handle " + matcher, heads, app, depth);
                case 10 -> block(text, "handle_path " + one(List.of("/p/* ", "/p/a/* ", "/q/* ")), heads, app, depth);
                default -> block(text, "route " + matcher, heads, app, depth);
            }
        }
    }

    private void block(StringBuilder text, String head, Set<String> heads, String app, int depth) {
        if (!heads.add(head.substring(head.indexOf(' ')))) {
            return;
        }
        text.append(head).append("{\n");
        boolean isRewritten = oneIn(5);
        if (isRewritten) {
            text.append(one(List.of("uri strip_prefix /a\n", "rewrite * /z{uri}\n")));
        }
        directives(text, app, depth + 1, 1 + random.nextInt(3));
        if (isRewritten) {
            // Caddy makes one of directives with the same matcher, and asks it once: what comes behind may see either
            // path.
            text.append("reverse_proxy ").append(app).append('\n');
        }
        text.append("}\n");
    }
}
