package dev.postern.http.exchange;

import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.config.Action;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import dev.postern.config.Limits;
import dev.postern.config.Site;
import dev.postern.http.message.HeadParser;
import dev.postern.http.message.Heads;
import dev.postern.http.message.HttpDate;
import dev.postern.http.message.RequestHead;
import dev.postern.route.Route;
import dev.postern.route.RouteTable;
import dev.postern.wire.Endpoints;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What is measured with: a browser that asks a shop, and what that answers. */
public final class Samples {
    /** Twenty fields. */
    public static final String REQUEST = """
            GET /shop/items/4711?page=3&sort=price HTTP/1.1
            Host: shop.example.com
            User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0
            Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8
            Accept-Language: en-GB,en;q=0.5
            Accept-Encoding: gzip, deflate, br
            Referer: https://shop.example.com/shop/items?page=3&sort=price
            Cookie: session=5f1c9a7e2b3d4c60a1e8f7b6c5d4e3f2; theme=dark; consent=yes; cart=c0ffee-12
            Upgrade-Insecure-Requests: 1
            Sec-Fetch-Dest: document
            Sec-Fetch-Mode: navigate
            Sec-Fetch-Site: same-origin
            Sec-Fetch-User: ?1
            Priority: u=0, i
            Cache-Control: max-age=0
            DNT: 1
            Sec-GPC: 1
            X-Requested-With: XMLHttpRequest
            Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJiZW5jaCJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4
            Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
            Connection: keep-alive

            """.replace("\n", "\r\n");

    /** Twenty fields, too. */
    public static final String RESPONSE = """
            HTTP/1.1 200 OK
            Server: app/1.0
            Date: Mon, 30 Nov 2026 12:00:00 GMT
            Content-Type: text/html; charset=utf-8
            Content-Length: 4096
            Last-Modified: Mon, 30 Nov 2026 11:00:00 GMT
            ETag: "6566f1a0-1000"
            Accept-Ranges: bytes
            Cache-Control: private, max-age=0, must-revalidate
            Content-Security-Policy: default-src 'self'; img-src 'self' data: https://images.example.com; frame-ancestors 'none'
            Strict-Transport-Security: max-age=63072000; includeSubDomains
            X-Content-Type-Options: nosniff
            X-Frame-Options: DENY
            Referrer-Policy: strict-origin-when-cross-origin
            Permissions-Policy: camera=(), microphone=(), geolocation=()
            Vary: Accept-Encoding, Accept-Language
            Content-Language: en-GB
            Set-Cookie: session=5f1c9a7e2b3d4c60a1e8f7b6c5d4e3f2; Path=/; Secure; HttpOnly; SameSite=Lax
            X-Request-Id: 8c5b0d9e-6a3f-4c1e-9b7a-2f4d6e8a0c13
            Server-Timing: app;dur=12.3, db;dur=4.5
            Connection: keep-alive

            """.replace("\n", "\r\n");

    private Samples() {}

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** As by default. */
    public static HeadParser parser() {
        return new HeadParser(8192, 100);
    }

    /** As by default. */
    public static Heads heads() {
        Limits limits = new Limits(
                8192,
                16 * 1024,
                100,
                OptionalLong.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty());
        return new Heads(limits, new HttpDate(InstantSource.system()));
    }

    public static RequestIds ids() {
        return new RequestIds("bench");
    }

    public static RequestHead request() throws Exception {
        byte[] bytes = bytes(REQUEST);
        return Objects.requireNonNull(parser().request(bytes, bytes.length));
    }

    /** A hundred sites of ten routes each, one of which is the shop. */
    public static RouteTable routes() {
        List<Site> sites = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            List<Configuration.Route> routes = new ArrayList<>();
            for (String path : List.of(
                    "/",
                    "/shop/",
                    "/shop/items/",
                    "/api/",
                    "/api/v2/",
                    "/assets/",
                    "/images/",
                    "/login",
                    "/admin/",
                    "/old/")) {
                routes.add(new Configuration.Route(path, new Action.ToBackend("web", null)));
            }
            sites.add(new Site(List.of(i == 0 ? "shop.example.com" : "site" + i + ".example.com"), routes, null));
        }
        return RouteTable.of(sites);
    }

    /** Eight, all of the same weight. */
    public static List<Server> servers() {
        List<Configuration.Server> servers = new ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            servers.add(new Configuration.Server("127.0.0.1", i, 1));
        }
        return new Backend(new Configuration.Backend("web", Balance.ROUND_ROBIN, servers, null)).servers();
    }

    static Client client() throws UnknownHostException {
        InetAddress address = InetAddress.getByName("192.0.2.17");
        return new Client(
                "https",
                new Endpoints(new InetSocketAddress(address, 50_123), new InetSocketAddress(address, 443)),
                new CertificateShown("shop.example.com", "shop.example.com", (site, host) -> false),
                false,
                List.of(),
                new TlsParameters("TLSv1.3", "TLS_AES_128_GCM_SHA256"));
    }

    /** Of the request above, which a server has answered. */
    public static ExchangeRecord ended() throws Exception {
        RequestHead head = request();
        ExchangeRecord record = new ExchangeRecord(ids().next(), client(), head, 0, 100_000);
        Route route = Objects.requireNonNull(routes().site("shop.example.com")).match(head);
        record.belongsTo("shop.example.com");
        record.routed(route);
        record.forwarded("web");
        record.tries(servers().get(0), 200_000);
        record.connectionMade(true, 210_000);
        record.answered(200, 5_000_000);
        record.sent(4096);
        record.ends(5_100_000);
        return record;
    }
}
