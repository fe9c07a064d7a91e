package dev.postern.testing;

import com.sun.net.httpserver.HttpServer;
import dev.postern.certificate.served.ChallengeTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Answers HTTP-01 from a {@link ChallengeTable} on a free port of 127.0.0.1: the side port without the rest. */
public final class ChallengeResponder implements AutoCloseable {
    private static final String PATH = "/.well-known/acme-challenge/";

    private final HttpServer server;

    public ChallengeResponder(ChallengeTable challenges) {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext(PATH, exchange -> {
            String answer = challenges.answer(exchange.getRequestURI().getPath().substring(PATH.length()));
            byte[] body = (answer == null ? "no such challenge" : answer).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
