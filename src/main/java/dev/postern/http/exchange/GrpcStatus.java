package dev.postern.http.exchange;

import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.RequestHead;
import dev.postern.wire.Failure;
import dev.postern.wire.Failure.ByServer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a gRPC client understands: its calls end with a status of their own, in the trailers, or in the head where there
 * is nothing else. An error page would be to it a server that has lost its mind;
 * <a href="https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md">mapping of statuses</a>.
 */
final class GrpcStatus {
    private static final String CONTENT_TYPE = "application/grpc";
    private static final String NAME = "content-type";

    private static final int UNKNOWN = 2;
    private static final int DEADLINE_EXCEEDED = 4;
    private static final int PERMISSION_DENIED = 7;
    private static final int RESOURCE_EXHAUSTED = 8;
    private static final int UNIMPLEMENTED = 12;
    private static final int INTERNAL = 13;
    private static final int UNAVAILABLE = 14;
    private static final int UNAUTHENTICATED = 16;

    private GrpcStatus() {}

    /** Whether {@code request} is a call: {@code application/grpc}, alone or with {@code +proto} or the like. */
    static boolean isCall(RequestHead request) {
        Fields fields = request.fields();
        byte[] bytes = fields.bytes();
        for (int i = 0; i < fields.count(); i++) {
            if (FieldName.equalsIgnoreCase(bytes, fields.nameFrom(i), fields.nameTo(i), NAME)) {
                int end = fields.valueFrom(i) + CONTENT_TYPE.length();
                return end <= fields.valueTo(i)
                        && FieldName.is(bytes, fields.valueFrom(i), CONTENT_TYPE)
                        && (end == fields.valueTo(i) || bytes[end] == '+' || bytes[end] == ';');
            }
        }
        return false;
    }

    /** What the client of {@code failed} is told, in the words of gRPC where it makes a call. */
    static LocalResponse answer(Failure failure, OutgoingRequest failed, Map<String, String> more) {
        RequestHead request = failed.request();
        LocalResponse page = ErrorResponses.of(failure, failed.id(), request, failed.route(), more);
        return failed.client().isHttp2() && isCall(request) ? answer(failure, page, failed.id()) : page;
    }

    /** The whole answer to a call that failed here. */
    private static LocalResponse answer(Failure failure, LocalResponse page, String requestId) {
        Map<String, String> headers = new LinkedHashMap<>(page.headers());
        headers.put("Content-Type", CONTENT_TYPE);
        headers.put("Grpc-Status", Integer.toString(of(failure, page.status())));
        headers.put("Grpc-Message", failure.reason() + ", request " + requestId);
        return new LocalResponse(200, headers, new byte[0]);
    }

    private static int of(Failure failure, int status) {
        if (failure == ByServer.RESPONSE_TIMEOUT) {
            return DEADLINE_EXCEEDED;
        }
        return switch (status) {
            case 400, 431 -> INTERNAL;
            case 401 -> UNAUTHENTICATED;
            case 403 -> PERMISSION_DENIED;
            case 404 -> UNIMPLEMENTED;
            case 408 -> DEADLINE_EXCEEDED;
            case 413 -> RESOURCE_EXHAUSTED;
            case 429, 502, 503, 504 -> UNAVAILABLE;
            default -> UNKNOWN;
        };
    }
}
