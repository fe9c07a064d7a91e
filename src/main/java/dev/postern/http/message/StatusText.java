package dev.postern.http.message;

import io.netty.handler.codec.http.HttpResponseStatus;

/** The reason phrase of a status. */
public final class StatusText {
    private StatusText() {}

    public static String of(int status) {
        return HttpResponseStatus.valueOf(status).reasonPhrase();
    }
}
