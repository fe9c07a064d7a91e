package dev.postern.http.step;

import dev.postern.config.BasicAuth;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lets a request of a route with {@code auth} go on when its user and password are right, and asks for them when not,
 * <a href="https://datatracker.ietf.org/doc/html/rfc7617">RFC 7617</a>. Event loop only.
 */
final class Authenticate {
    private static final String BASIC = "basic ";

    /** Until the passwords that wait have been looked at, more or less. */
    private static final Map<String, String> RETRY_SOON = Map.of("Retry-After", "5");

    @SuppressWarnings("ArrayRecordComponent") // Read only, never compared.
    private record Credentials(String user, byte[] password) {
        /** Null where there are none that could be right. */
        static @Nullable Credentials of(Fields fields) {
            int field = fields.find(FieldName.AUTHORIZATION);
            if (field < 0) {
                return null;
            }
            for (int i = field + 1; i < fields.count(); i++) {
                if (fields.name(i) == FieldName.AUTHORIZATION) {
                    // A server behind us might believe the other one.
                    return null;
                }
            }
            byte[] b = fields.bytes();
            int from = fields.valueFrom(field);
            int to = fields.valueTo(field);
            if (to - from <= BASIC.length() || !FieldName.is(b, from, BASIC)) {
                return null;
            }
            byte[] pair;
            try {
                pair = Base64.getDecoder()
                        .decode(fields.text(from + BASIC.length(), to).strip());
            } catch (IllegalArgumentException e) {
                return null;
            }
            int colon = 0;
            while (colon < pair.length && pair[colon] != ':') {
                colon++;
            }
            return colon == pair.length
                    ? null
                    : new Credentials(
                            new String(pair, 0, colon, StandardCharsets.UTF_8),
                            Arrays.copyOfRange(pair, colon + 1, pair.length));
        }
    }

    private final Logins logins;

    Authenticate(Logins logins) {
        this.logins = logins;
    }

    /** @param next what happens to the request of somebody who is let in; at once, or later on the same event loop */
    void check(Exchange exchange, BasicAuth auth, Runnable next) {
        Credentials credentials = Credentials.of(exchange.request().fields());
        if (credentials == null) {
            ask(exchange, auth, "no user and password");
            return;
        }
        Logins.Answer answer = logins.ask(
                String.valueOf(exchange.site()),
                auth,
                credentials.user,
                credentials.password,
                exchange.requester().address(),
                later -> exchange.goOn(() -> decided(exchange, auth, later, next)));
        decided(exchange, auth, answer, next);
    }

    private static void decided(Exchange exchange, BasicAuth auth, Logins.Answer answer, Runnable next) {
        switch (answer) {
            case RIGHT -> next.run();
            case WRONG -> ask(exchange, auth, "wrong user or password");
            case LATER -> {}
            case TOO_MANY_OF_THIS_CLIENT ->
                exchange.fail(
                        Failure.ByClient.TOO_MANY_LOGINS,
                        "over " + Logins.WAITING_OF_ONE_CLIENT + " passwords to look at",
                        RETRY_SOON);
            case TOO_MANY ->
                exchange.fail(
                        Failure.ByEdge.OUT_OF_RESOURCES,
                        "auth: over " + Logins.WAITING + " passwords to look at",
                        RETRY_SOON);
        }
    }

    private static void ask(Exchange exchange, BasicAuth auth, String why) {
        exchange.fail(
                Failure.ByClient.NOT_AUTHENTICATED,
                "auth: " + why,
                Map.of("WWW-Authenticate", "Basic realm=\"" + auth.realm() + "\", charset=\"UTF-8\""));
    }
}
