package dev.postern.http.exchange;

import dev.postern.config.ClientCertificates;
import dev.postern.config.ForwardAuth;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadParser;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.Told;
import dev.postern.route.Route;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the server of {@code forward-auth} is asked: a GET of its path with the headers of the request, and in
 * {@code X-Forwarded-Method}, {@code -Uri}, {@code -Proto}, {@code -Host} and {@code -For} what is asked for, by whom. That is
 * the contract of Traefik's ForwardAuth and Caddy's forward_auth, which Authelia, Authentik and oauth2-proxy are made for.
 *
 * <p>It is to judge what we do: of the host, method and path nobody else's word is passed on, a trusted proxy's neither.
 */
public final class AuthQuestion {
    private static final byte[] GET = HeadWriter.constant("GET ");
    private static final byte[] VERSION = HeadWriter.constant(" HTTP/1.1\r\n");

    /** Of a body that is not sent, of an answer that would not be one (304, 206), and of a protocol that is not spoken. */
    private static final Set<String> LEFT_OUT = Set.of(
            "content-encoding",
            "if-match",
            "if-none-match",
            "if-modified-since",
            "if-unmodified-since",
            "if-range",
            "range",
            "sec-websocket-key",
            "sec-websocket-version",
            "sec-websocket-extensions");

    /** What the server that is asked says of others is what it goes by itself. */
    private static final Set<String> NEEDED = Set.of("authorization", "cookie");

    private AuthQuestion() {}

    /** The question about the request of {@code exchange}. */
    public static RequestHead of(Exchange exchange, ForwardAuth auth) {
        return of(exchange.request(), exchange.client(), auth, exchange.route());
    }

    /**
     * The question about {@code request} of {@code client}.
     *
     * @param route that the request takes; null for none
     */
    static RequestHead of(RequestHead request, Client client, ForwardAuth auth, @Nullable Route route) {
        Fields fields = request.fields();
        HeadWriter out = new HeadWriter().begin().bytes(GET).text(auth.path()).bytes(VERSION);
        boolean named = !request.connection().named().isEmpty();
        for (int i = 0; i < fields.count(); i++) {
            if (passes(fields, i, client, auth)
                    && !(named
                            && fields.name(i) != FieldName.HOST
                            && request.connection().names(fields, i))) {
                out.field(fields, i);
            }
        }
        byte[] head = Arrays.copyOf(out.crlf().array(), out.length());
        RequestHead question;
        try {
            question = new HeadParser(Integer.MAX_VALUE, Integer.MAX_VALUE).request(head, head.length);
        } catch (BadMessage e) {
            throw new IllegalStateException("a head that was read once cannot be read again: " + e.detail(), e);
        }
        if (question == null) {
            throw new IllegalStateException("a head that was read once does not end");
        }
        return question.told(
                claims(route),
                List.of(
                        new Told("X-Forwarded-Method", request.method()),
                        new Told("X-Forwarded-Uri", target(request))));
    }

    /** What no client says of its certificate itself, whatever we call it: nor to the one that is to judge. */
    private static List<String> claims(@Nullable Route route) {
        ClientCertificates certificates =
                route == null ? null : route.settings().clientCertificates();
        return certificates == null ? List.of() : certificates.names();
    }

    /** As the server behind the route would be asked, were its path not rewritten. */
    private static String target(RequestHead request) {
        HeadWriter out = request.target().write(new HeadWriter().begin(), null);
        return new String(out.array(), 0, out.length(), StandardCharsets.ISO_8859_1);
    }

    private static boolean passes(Fields fields, int field, Client client, ForwardAuth auth) {
        return switch (fields.name(field)) {
            case FieldName.CONTENT_LENGTH,
                    FieldName.TRANSFER_ENCODING,
                    FieldName.CONNECTION,
                    FieldName.KEEP_ALIVE,
                    FieldName.PROXY_CONNECTION,
                    FieldName.TE,
                    FieldName.UPGRADE,
                    FieldName.EXPECT,
                    FieldName.X_FORWARDED_HOST,
                    FieldName.X_FORWARDED_ANY,
                    FieldName.CLAIM,
                    FieldName.AMBIGUOUS,
                    FieldName.ALMOST_FRAMING,
                    FieldName.TOLD -> false;
            case FieldName.X_FORWARDED_FOR, FieldName.X_FORWARDED_PROTO, FieldName.X_FORWARDED_PORT ->
                client.isTrusted();
            default -> {
                String lower = fields.text(fields.nameFrom(field), fields.nameTo(field))
                        .toLowerCase(Locale.ROOT);
                yield !LEFT_OUT.contains(lower) && (NEEDED.contains(lower) || !auth.copies(lower));
            }
        };
    }

    /** What else the server is told, by {@link ForwardedHeaders}. */
    public static String connection(Exchange exchange) {
        Client client = exchange.client();
        return new String(client.addressBytes(), StandardCharsets.US_ASCII)
                + ' '
                + new String(client.portBytes(), StandardCharsets.US_ASCII)
                + (client.isSecure() ? " https" : " http");
    }
}
