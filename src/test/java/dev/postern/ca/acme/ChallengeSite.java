package dev.postern.ca.acme;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Stands for every name that is validated: answers tokens, and notes which names were asked for. */
final class ChallengeSite implements AutoCloseable {
    static {
        System.setProperty("sun.net.httpserver.nodelay", "true"); // as AcmeServer does, whichever comes first
    }

    final Map<String, String> answers = new ConcurrentHashMap<>();
    /** Path → Location. */
    final Map<String, String> redirects = new ConcurrentHashMap<>();

    final List<String> hosts = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    ChallengeSite() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        hosts.add(String.valueOf(exchange.getRequestHeaders().getFirst("Host")));
        String path = exchange.getRequestURI().getPath();
        String location = redirects.get(path);
        String answer = answers.get(path.replace("/.well-known/acme-challenge/", ""));
        if (location != null) {
            exchange.getResponseHeaders().set("Location", location);
            exchange.sendResponseHeaders(302, -1);
        } else if (answer != null) {
            byte[] body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, 0); // chunked
            exchange.getResponseBody().write(body);
        } else {
            exchange.sendResponseHeaders(404, -1);
        }
        exchange.close();
    }
}
