package dev.postern.http;

import dev.postern.http.Failure.ByClient;
import dev.postern.http.Failure.ByEdge;
import dev.postern.http.Failure.ByServer;
import java.util.Map;

/** The only place where a failure becomes a status. */
final class ErrorResponses {
    private ErrorResponses() {}

    /** Short, with the request id that the log has too; never an address from inside. */
    static LocalResponse of(Failure failure, String requestId) {
        int status = status(failure);
        LocalResponse text =
                LocalResponse.text(status, status + " " + StatusText.of(status) + "\nrequest " + requestId + "\n");
        Map<String, String> headers = new java.util.LinkedHashMap<>(text.headers());
        headers.put("Cache-Control", "no-store");
        return new LocalResponse(status, headers, text.body());
    }

    static int status(Failure failure) {
        if (failure instanceof ByClient byClient) {
            return status(byClient);
        }
        if (failure instanceof ByServer byServer) {
            return status(byServer);
        }
        return failure == ByEdge.BUG ? 500 : 503;
    }

    private static int status(ByClient failure) {
        return switch (failure) {
            case MALFORMED, PATH_REFUSED, GONE, RESPONSE_NOT_TAKEN -> 400;
            case NO_SUCH_SITE, NO_SUCH_ROUTE -> 404;
            case HEAD_TIMEOUT, BODY_TIMEOUT, BODY_TOO_SLOW -> 408;
            case BODY_TOO_LARGE -> 413;
            case REQUEST_LINE_TOO_LONG -> 414;
            case WRONG_SITE -> 421;
            case HEAD_TOO_LARGE, TOO_MANY_HEADERS -> 431;
        };
    }

    private static int status(ByServer failure) {
        return switch (failure) {
            case NONE_AVAILABLE,
                    NAME_UNRESOLVED,
                    CONNECT_REFUSED,
                    CONNECT_TIMEOUT,
                    NO_ROUTE_TO_SERVER,
                    CONNECT_FAILED,
                    REFUSED -> 503;
            case CLOSED_BEFORE_RESPONSE, CLOSED_DURING_RESPONSE, MALFORMED_RESPONSE, RESPONSE_HEAD_TOO_LARGE -> 502;
            case RESPONSE_TIMEOUT -> 504;
        };
    }
}
