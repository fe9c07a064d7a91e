package dev.postern.http.step;

import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestStep;
import dev.postern.http.message.RequestHead;
import dev.postern.wire.Failure;
import io.netty.channel.EventLoop;
import io.netty.util.NetUtil;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pages of Postern's own, for the admin listener: GET and HEAD only, and only under names that are ours. A browser that
 * was led to {@code http://evil.example:9877/}, which suddenly resolves to 127.0.0.1, says so in its Host. Always
 * answers.
 */
public final class ServePages implements RequestStep {
    private static final Logger LOG = LoggerFactory.getLogger(ServePages.class);

    /** Where pages come from. Any thread. */
    public interface Pages {
        /** Whether this host, which is neither an address nor localhost, is a name of ours. */
        boolean isOurs(String host);

        /**
         * The page at a path, made by another thread; null where there is none. Called on an event loop.
         *
         * @param query what follows the question mark; empty where nothing does
         */
        @Nullable CompletionStage<Page> page(String path, String query);
    }

    /** One page, complete. */
    @SuppressWarnings("ArrayRecordComponent") // Written once, never compared.
    public record Page(int status, Map<String, String> headers, byte[] body) {
        public Page(int status, String contentType, byte[] body) {
            this(status, Map.of("Content-Type", contentType), body);
        }
    }

    private final EventLoop loop;
    private final Pages pages;

    public ServePages(EventLoop loop, Pages pages) {
        this.loop = loop;
        this.pages = pages;
    }

    @Override
    public boolean handle(Exchange exchange) {
        RequestHead request = exchange.request();
        String host = request.authority().host();
        if (!isAddress(host) && !host.equals("localhost") && !pages.isOurs(host)) {
            exchange.fail(
                    Failure.ByClient.NO_SUCH_SITE, "admin: host is neither an address nor in listeners.admin.hosts");
            return true;
        }
        if (!request.method().equals("GET") && !request.isHead()) {
            exchange.respond(with(LocalResponse.text(405, "405 Method Not Allowed\n"), "Allow", "GET, HEAD"));
            return true;
        }
        String target = request.target().text();
        int query = target.indexOf('?');
        CompletionStage<Page> page = query < 0
                ? pages.page(target, "")
                : pages.page(target.substring(0, query), target.substring(query + 1));
        if (page == null) {
            exchange.respond(with(LocalResponse.text(404, "404 Not Found\n"), "Cache-Control", "no-store"));
            return true;
        }
        var unused = page.whenComplete((made, failure) -> {
            try {
                loop.execute(() -> exchange.guard(() -> answer(exchange, made, failure)));
            } catch (RejectedExecutionException e) {
                LOG.debug("request {}: the event loop has ended", exchange.id(), e);
            }
        });
        return true;
    }

    private static void answer(Exchange exchange, @Nullable Page page, @Nullable Throwable failure) {
        if (page == null) {
            LOG.error("request {}: admin: bug", exchange.id(), failure);
            exchange.fail(Failure.ByEdge.BUG, String.valueOf(failure));
            return;
        }
        exchange.respond(with(new LocalResponse(page.status, page.headers, page.body), "Cache-Control", "no-store"));
    }

    private static LocalResponse with(LocalResponse response, String name, String value) {
        Map<String, String> headers = new LinkedHashMap<>(response.headers());
        headers.put(name, value);
        headers.put("X-Content-Type-Options", "nosniff");
        return new LocalResponse(response.status(), headers, response.body());
    }

    private static boolean isAddress(String host) {
        return host.startsWith("[") || NetUtil.isValidIpV4Address(host);
    }
}
