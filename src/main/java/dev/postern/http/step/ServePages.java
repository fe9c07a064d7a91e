package dev.postern.http.step;

import dev.postern.config.Listeners.Admin;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestStep;
import dev.postern.http.message.FieldName;
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
 * Pages of Postern's own, for the admin listener, and only under names that are ours: a browser that was led to {@code
 * http://evil.example:9877/}, which suddenly resolves to 127.0.0.1, says so in its Host. GET and HEAD look; POST does
 * something, for operators who prove who they are, and never because a page of another origin says so. Always answers.
 */
public final class ServePages implements RequestStep {
    private static final Logger LOG = LoggerFactory.getLogger(ServePages.class);

    /** How the paths begin where something is done: all others are to be looked at. */
    private static final String DEEDS = "/do/";

    /** The first page, where browsers are asked who their operator is: each time, since not all say so unasked. */
    public static final String OPERATOR = "/operator";

    /** Where pages come from. Any thread. */
    public interface Pages {
        /** Whether this host, which is neither an address nor localhost, is a name of ours. */
        boolean isOurs(String host);

        /** Who may do something, among others; null where there is no such listener any more. */
        @Nullable Admin admin();

        /** The page that is asked for, made by another thread; null where there is none. Called on an event loop. */
        @Nullable CompletionStage<Page> page(Wanted wanted);

        /** Has something done by another thread, for an operator; null where it is nothing. Called on an event loop. */
        @Nullable CompletionStage<Page> act(Wanted wanted);
    }

    /**
     * @param query what follows the question mark; empty where nothing does
     * @param operator who it is; null for somebody who may look only
     * @param accept which forms the client takes; empty where it does not say
     */
    public record Wanted(
            String path, String query, @Nullable String operator, String accept) {
        static Wanted of(RequestHead request, @Nullable String operator) {
            String target = request.target().text();
            int query = target.indexOf('?');
            int field = request.fields().find("accept", 0);
            String accept = field < 0 ? "" : request.fields().value(field);
            return query < 0
                    ? new Wanted(target, "", operator, accept)
                    : new Wanted(target.substring(0, query), target.substring(query + 1), operator, accept);
        }
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
    private final OperatorLogin login;

    public ServePages(EventLoop loop, Pages pages, Logins logins) {
        this.loop = loop;
        this.pages = pages;
        this.login = new OperatorLogin(logins);
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
        if (request.method().equals("POST")) {
            if (path(exchange).startsWith(DEEDS)) {
                post(exchange);
            } else {
                refuseMethod(exchange, "GET, HEAD");
            }
        } else if (request.method().equals("GET") || request.isHead()) {
            get(exchange);
        } else {
            refuseMethod(exchange, "GET, HEAD, POST");
        }
        return true;
    }

    private static void refuseMethod(Exchange exchange, String allowed) {
        exchange.respond(with(LocalResponse.text(405, "405 Method Not Allowed\n"), "Allow", allowed));
    }

    private void get(Exchange exchange) {
        Wanted wanted = Wanted.of(exchange.request(), null);
        Admin admin = pages.admin();
        boolean asks = wanted.path.equals(OPERATOR);
        if (admin == null || !admin.hasOperators()) {
            if (asks) {
                nobodyMay(exchange);
            } else {
                show(exchange, wanted);
            }
        } else if (asks) {
            login.find(exchange, admin, who -> {
                if (who == null) {
                    ask(exchange);
                } else {
                    show(exchange, new Wanted("/", wanted.query, who, wanted.accept));
                }
            });
        } else if (exchange.request().fields().find(FieldName.AUTHORIZATION) < 0) {
            show(exchange, wanted);
        } else {
            login.find(
                    exchange, admin, who -> show(exchange, new Wanted(wanted.path, wanted.query, who, wanted.accept)));
        }
    }

    private void post(Exchange exchange) {
        String violation = SameOrigin.violation(exchange.request());
        Admin admin = pages.admin();
        if (violation != null) {
            refuse(exchange, violation);
        } else if (admin == null || !admin.hasOperators()) {
            nobodyMay(exchange);
        } else {
            login.find(exchange, admin, who -> {
                if (who == null) {
                    ask(exchange);
                } else {
                    answer(exchange, pages.act(Wanted.of(exchange.request(), who)));
                }
            });
        }
    }

    private static void refuse(Exchange exchange, String why) {
        LOG.warn("admin: {} {}: refused: {}", exchange.request().method(), path(exchange), why);
        exchange.respond(with(LocalResponse.text(403, "403 Forbidden: " + why + "\n"), "Cache-Control", "no-store"));
    }

    private static void nobodyMay(Exchange exchange) {
        exchange.respond(with(
                LocalResponse.text(
                        403,
                        "403 Forbidden: nobody may do anything here (expected: users-file or token-file of admin)\n"),
                "Cache-Control",
                "no-store"));
    }

    private static void ask(Exchange exchange) {
        exchange.fail(
                Failure.ByClient.NOT_AUTHENTICATED,
                "admin: no operator that is known",
                Map.of("WWW-Authenticate", "Basic realm=\"Postern\", charset=\"UTF-8\""));
    }

    private static String path(Exchange exchange) {
        return Wanted.of(exchange.request(), null).path;
    }

    private void show(Exchange exchange, Wanted wanted) {
        answer(exchange, pages.page(wanted));
    }

    private void answer(Exchange exchange, @Nullable CompletionStage<Page> page) {
        if (page == null) {
            exchange.respond(with(LocalResponse.text(404, "404 Not Found\n"), "Cache-Control", "no-store"));
            return;
        }
        var unused = page.whenComplete((made, failure) -> {
            try {
                loop.execute(() -> exchange.guard(() -> answer(exchange, made, failure)));
            } catch (RejectedExecutionException e) {
                LOG.debug("request {}: the event loop has ended", exchange.id(), e);
            }
        });
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
