package dev.postern.http;

import io.netty.handler.codec.http.HttpResponseStatus;

/** The reason phrase of a status. */
final class StatusText {
    private StatusText() {}

    static String of(int status) {
        return HttpResponseStatus.valueOf(status).reasonPhrase();
    }
}
