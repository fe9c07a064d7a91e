package dev.postern.http.exchange;

import dev.postern.config.Variable;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.RequestTarget;
import io.netty.util.NetUtil;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the variables in the values of headers stand for. Event loop only. */
final class Variables {
    private Variables() {}

    /** @param site null where the request belongs to none */
    static String value(Variable variable, OutgoingRequest of, @Nullable String site) {
        RequestHead request = of.request();
        RequestTarget target = request.target();
        TlsParameters tls = of.client().tls();
        return switch (variable) {
            case CLIENT -> NetUtil.toAddressString(of.requester().address());
            case HOST -> request.authority().host();
            case METHOD -> request.method();
            case PATH -> target.pathText();
            case QUERY -> target.queryText();
            case URI -> target.normalText();
            case REQUEST_ID -> of.id();
            case SCHEME -> of.client().isSecure() ? "https" : "http";
            case SITE -> Objects.requireNonNullElse(site, "");
            case TLS_VERSION -> tls == null ? "" : tls.version();
            case TLS_CIPHER -> tls == null ? "" : tls.cipher();
        };
    }
}
