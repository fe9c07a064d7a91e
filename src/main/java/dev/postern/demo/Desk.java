package dev.postern.demo;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * The server of the page, which is there when both of the others are not. It stops and starts them for a page of the demo's own origin, and for
 * nobody else: a browser says with every POST where that comes from ({@code Origin}).
 */
public final class Desk implements AutoCloseable {
    /** Under which everything is but the page itself. */
    public static final String PATH = "/demo/";

    /** Its forms have no fields. */
    private static final int BODY_BYTES = 1024;

    private final LoopbackServer server;
    private final ExecutorService answering;
    private final List<ColouredServer> servers;
    private final InstantSource clock;
    /** Set once the edge has its ports; nobody can have come before. */
    private volatile @Nullable Opening opening;

    /**
     * @param origin of the page, as browsers say it: {@code https://localhost:8443}
     * @param statusPage where the admin listener is
     */
    public record Opening(String origin, String statusPage, ToTry toTry, Stage stage) {}

    /** @param answering waits for the edge, in the place of an event loop; closed with this */
    public Desk(ThreadFactory threads, ExecutorService answering, List<ColouredServer> servers, InstantSource clock)
            throws IOException {
        this.answering = answering;
        this.servers = List.copyOf(servers);
        this.clock = clock;
        this.server = new LoopbackServer("demo desk", threads, () ->
                new ChannelHandler[] {new HttpObjectAggregator(BODY_BYTES), new Answering()});
        server.open();
    }

    public void open(Opening to) {
        opening = to;
    }

    public String address() {
        return "127.0.0.1:" + server.port();
    }

    private final class Answering extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
            boolean keepAlive = HttpUtil.isKeepAlive(request);
            HttpMethod method = request.method();
            String path = new QueryStringDecoder(request.uri()).path();
            String origin = request.headers().get(HttpHeaderNames.ORIGIN, "");
            try {
                answering.execute(() -> answer(method, path, origin).send(ctx, keepAlive));
            } catch (RejectedExecutionException e) {
                var unused = ctx.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            var unused = ctx.close();
        }
    }

    private Answer answer(HttpMethod method, String path, String origin) {
        Opening now = opening;
        if (now == null) {
            return Answer.text(HttpResponseStatus.SERVICE_UNAVAILABLE, "the demo is starting");
        }
        try {
            if (method.equals(HttpMethod.POST)) {
                return act(path, origin, now);
            }
            return method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD)
                    ? look(path, now)
                    : Answer.text(HttpResponseStatus.METHOD_NOT_ALLOWED, "expected: GET, HEAD or POST");
        } catch (IOException | RuntimeException e) {
            return Answer.text(HttpResponseStatus.INTERNAL_SERVER_ERROR, String.valueOf(e.getMessage()));
        }
    }

    private Answer look(String path, Opening now) {
        return switch (path) {
            case "/" -> Answer.ok("text/html; charset=utf-8", page(now));
            case PATH + "page.css" -> Answer.ok("text/css; charset=utf-8", resource("page.css"));
            case PATH + "page.js" -> Answer.ok("text/javascript; charset=utf-8", resource("page.js"));
            case PATH + "state" ->
                Answer.ok("application/json", new DemoState(now.stage(), servers, clock).json() + "\n");
            default -> notFound();
        };
    }

    private static Answer notFound() {
        return Answer.text(HttpResponseStatus.NOT_FOUND, "there is no such page");
    }

    private static String page(Opening now) {
        StringBuilder lines = new StringBuilder();
        for (String line : now.toTry().lines()) {
            lines.append(Answer.escaped(line)).append('\n');
        }
        return resource("page.html")
                .replace("{{status}}", Answer.escaped(now.statusPage()))
                .replace("{{token}}", Answer.escaped(now.toTry().tokenFile()))
                .replace("{{lines}}", lines);
    }

    private Answer act(String path, String origin, Opening now) throws IOException {
        if (!origin.equals(now.origin())) {
            return Answer.text(
                    HttpResponseStatus.FORBIDDEN,
                    "not sent by the page of the demo (expected: Origin: " + now.origin() + ")");
        }
        for (ColouredServer one : servers) {
            if (path.equals(PATH + "stop/" + one.colour())) {
                one.stop();
                return done();
            }
            if (path.equals(PATH + "start/" + one.colour())) {
                one.start();
                return done();
            }
        }
        return notFound();
    }

    /** Back to the page, which is right where there is no script. */
    private static Answer done() {
        return new Answer(HttpResponseStatus.SEE_OTHER, "text/plain; charset=utf-8", "", Map.of("Location", "/"));
    }

    private static String resource(String name) {
        try (InputStream in = Desk.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        answering.shutdownNow();
        server.close();
    }
}
