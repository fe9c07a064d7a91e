package dev.postern.http.step;

import dev.postern.config.BasicAuth;
import dev.postern.config.Listeners.Admin;
import dev.postern.config.Secret;
import dev.postern.http.exchange.Exchange;
import dev.postern.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who an operator is at the admin listener: by user and password, or by the token, which programs send as {@code
 * Bearer} and people as the password of the user {@code token}. Event loop only.
 */
final class OperatorLogin {
    /** As whom somebody comes in who has the token. */
    static final String TOKEN = "token";

    /** Passwords of operators are looked at in a line of their own. */
    private static final String PLACE = "admin listener";

    private static final Map<String, String> RETRY_SOON = Map.of("Retry-After", "5");

    private final Logins logins;

    OperatorLogin(Logins logins) {
        this.logins = logins;
    }

    /**
     * @param told hears who it is, or null for nobody that is known, at once or later on the same event loop; is not called
     *     where too many passwords wait: that is answered
     */
    void find(Exchange exchange, Admin admin, Consumer<@Nullable String> told) {
        String bearer = Credentials.bearer(exchange.request().fields());
        if (bearer != null) {
            told.accept(isToken(admin.token(), bearer.getBytes(StandardCharsets.UTF_8)) ? TOKEN : null);
            return;
        }
        Credentials given = Credentials.of(exchange.request().fields());
        if (given == null) {
            told.accept(null);
            return;
        }
        if (given.user().equals(TOKEN) && isToken(admin.token(), given.password())) {
            told.accept(TOKEN);
            return;
        }
        BasicAuth users = admin.users();
        if (users == null) {
            told.accept(null);
            return;
        }
        decided(
                exchange,
                given.user(),
                logins.ask(
                        PLACE,
                        users,
                        given.user(),
                        given.password(),
                        exchange.requester().address(),
                        later -> exchange.goOn(() -> decided(exchange, given.user(), later, told))),
                told);
    }

    private static void decided(Exchange exchange, String user, Logins.Answer answer, Consumer<@Nullable String> told) {
        switch (answer) {
            case RIGHT -> told.accept(user);
            case WRONG -> told.accept(null);
            case LATER -> {}
            case TOO_MANY_OF_THIS_CLIENT, TOO_MANY ->
                exchange.fail(Failure.ByClient.TOO_MANY_LOGINS, "admin: too many passwords to look at", RETRY_SOON);
        }
    }

    /** Takes as long whatever is wrong with it. */
    private static boolean isToken(@Nullable Secret token, byte[] given) {
        return token != null && MessageDigest.isEqual(token.text().getBytes(StandardCharsets.UTF_8), given);
    }
}
