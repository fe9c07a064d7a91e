package dev.postern.http.exchange;

import dev.postern.config.Page;
import dev.postern.http.message.AcceptHtml;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.StatusText;
import dev.postern.route.Route;
import dev.postern.wire.Failure;
import dev.postern.wire.Failure.ByClient;
import dev.postern.wire.Failure.ByEdge;
import dev.postern.wire.Failure.ByServer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The only place where a failure becomes an answer: a status, and what {@code Proxy-Status} says
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9209">RFC 9209</a>).
 */
public final class ErrorResponses {
    private ErrorResponses() {}

    /** Short, with the request id that the log has too; never an address from inside. */
    public static LocalResponse of(Failure failure, String requestId) {
        int status = status(failure);
        String words = failure == ByClient.PLAIN_HTTP ? "plain HTTP request was sent to HTTPS port\n" : "";
        String text = status + " " + StatusText.of(status) + "\n" + words + "request " + requestId + "\n";
        return explained(failure, LocalResponse.text(status, text));
    }

    /** The same for whoever looks at it in a browser. */
    private static LocalResponse html(Failure failure, String requestId) {
        int status = status(failure);
        String words = failure == ByClient.PLAIN_HTTP ? "<p>Plain HTTP request was sent to HTTPS port.</p>\n" : "";
        return explained(failure, LocalResponse.html(status, status + " " + StatusText.of(status), words, requestId));
    }

    /**
     * As {@link #of(Failure, String)}, or the page that the site has for it.
     *
     * @param request says whether HTML is wanted
     * @param route null where the request belongs to no site
     * @param more what else such an answer has to say: {@code Allow}, {@code WWW-Authenticate}, {@code Retry-After}
     */
    public static LocalResponse of(
            Failure failure, String requestId, RequestHead request, @Nullable Route route, Map<String, String> more) {
        Page page = route == null ? null : route.errorPage(status(failure));
        LocalResponse answer = page != null
                ? explained(failure, LocalResponse.page(status(failure), page))
                : AcceptHtml.isIn(request.fields()) ? html(failure, requestId) : of(failure, requestId);
        return more.isEmpty() ? answer : answer.with(more);
    }

    private static LocalResponse explained(Failure failure, LocalResponse answer) {
        Map<String, String> explanation = new LinkedHashMap<>();
        explanation.put("Cache-Control", "no-store");
        explanation.put(
                "Proxy-Status", "postern; error=" + proxyError(failure) + "; details=\"" + failure.reason() + '"');
        if (failure == ByServer.QUEUE_FULL || failure == ByServer.QUEUE_TIMEOUT || failure == ByEdge.OUT_OF_RESOURCES) {
            explanation.put("Retry-After", RefusalPace.RETRY_AFTER);
        }
        return answer.with(explanation);
    }

    public static int status(Failure failure) {
        if (failure instanceof ByClient byClient) {
            return status(byClient);
        }
        if (failure instanceof ByServer byServer) {
            return status(byServer);
        }
        return failure == ByEdge.BUG ? 500 : 503;
    }

    /** One of the types registered by <a href="https://datatracker.ietf.org/doc/html/rfc9209#section-2.3">RFC 9209 §2.3</a>. */
    public static String proxyError(Failure failure) {
        if (failure instanceof ByClient byClient) {
            return switch (byClient) {
                case NO_SUCH_SITE, NO_SUCH_ROUTE -> "destination_not_found";
                case ADDRESS_DENIED,
                        CLIENT_CERTIFICATE_REQUIRED,
                        CLIENT_CERTIFICATE_REFUSED,
                        METHOD_NOT_ALLOWED,
                        NOT_AUTHENTICATED -> "http_request_denied";
                default -> "http_request_error";
            };
        }
        if (failure instanceof ByServer byServer) {
            return proxyError(byServer);
        }
        return "proxy_internal_error";
    }

    private static String proxyError(ByServer failure) {
        return switch (failure) {
            case NONE_AVAILABLE, FORWARD_AUTH_FAILED -> "destination_unavailable";
            case QUEUE_FULL, QUEUE_TIMEOUT -> "connection_limit_reached";
            case NAME_UNRESOLVED -> "dns_error";
            case CONNECT_REFUSED, REFUSED -> "connection_refused";
            case NO_WEB_SOCKET -> "http_upgrade_failed";
            case CONNECT_TIMEOUT -> "connection_timeout";
            case NO_ROUTE_TO_SERVER -> "destination_ip_unroutable";
            case CONNECT_FAILED, GOING_AWAY, CLOSED_BEFORE_RESPONSE -> "connection_terminated";
            case TLS_HANDSHAKE_FAILED -> "tls_protocol_error";
            case TLS_ALERT_RECEIVED -> "tls_alert_received";
            case SERVER_CERTIFICATE_UNTRUSTED -> "tls_certificate_error";
            case CLOSED_DURING_RESPONSE -> "http_response_incomplete";
            case MALFORMED_RESPONSE -> "http_protocol_error";
            case RESPONSE_HEAD_TOO_LARGE -> "http_response_header_section_size";
            case RESPONSE_TIMEOUT, SERVER_TIMEOUT -> "connection_read_timeout";
        };
    }

    private static int status(ByClient failure) {
        return switch (failure) {
            case MALFORMED,
                    PLAIN_HTTP,
                    PATH_REFUSED,
                    GONE,
                    CLIENT_TIMEOUT,
                    RESPONSE_NOT_TAKEN,
                    RESPONSE_TAKEN_TOO_SLOWLY -> 400;
            case NOT_AUTHENTICATED -> 401;
            case ADDRESS_DENIED, CLIENT_CERTIFICATE_REQUIRED, CLIENT_CERTIFICATE_REFUSED -> 403;
            case NO_SUCH_SITE, NO_SUCH_ROUTE -> 404;
            case METHOD_NOT_ALLOWED -> 405;
            case HEAD_TIMEOUT, BODY_TIMEOUT, BODY_TOO_SLOW -> 408;
            case BODY_TOO_LARGE -> 413;
            case REQUEST_LINE_TOO_LONG -> 414;
            case UNKNOWN_EXPECTATION -> 417;
            case WRONG_SITE -> 421;
            case TOO_MANY_LOGINS, TOO_MANY_REQUESTS -> 429;
            case HEAD_TOO_LARGE, TOO_MANY_HEADERS -> 431;
            case UNKNOWN_TRANSFER_CODING -> 501;
            case VERSION_NOT_SUPPORTED -> 505;
        };
    }

    private static int status(ByServer failure) {
        return switch (failure) {
            case NONE_AVAILABLE,
                    QUEUE_FULL,
                    QUEUE_TIMEOUT,
                    NAME_UNRESOLVED,
                    CONNECT_REFUSED,
                    CONNECT_TIMEOUT,
                    NO_ROUTE_TO_SERVER,
                    CONNECT_FAILED,
                    FORWARD_AUTH_FAILED,
                    REFUSED,
                    GOING_AWAY -> 503;
            case NO_WEB_SOCKET,
                    TLS_HANDSHAKE_FAILED,
                    TLS_ALERT_RECEIVED,
                    SERVER_CERTIFICATE_UNTRUSTED,
                    CLOSED_BEFORE_RESPONSE,
                    CLOSED_DURING_RESPONSE,
                    MALFORMED_RESPONSE,
                    RESPONSE_HEAD_TOO_LARGE -> 502;
            case RESPONSE_TIMEOUT, SERVER_TIMEOUT -> 504;
        };
    }
}
