package dev.postern.wire;

import dev.postern.wire.Failure.ByClient;
import dev.postern.wire.Failure.ByServer;
import org.jspecify.annotations.Nullable;

/** Who ended an exchange, or a tunnel. The letters are HAProxy's. */
public enum EndedBy {
    /** It is complete. */
    NOBODY('-', "complete"),
    /** The client went away. */
    CLIENT('C', "client"),
    /** We did, tired of waiting for the client. */
    CLIENT_TIMEOUT('c', "client timeout"),
    /** The server could not be reached, broke off, or answered nonsense. */
    SERVER('S', "server"),
    /** We did, tired of waiting for the server. */
    SERVER_TIMEOUT('s', "server timeout"),
    /** We did: the request was refused, or we could not carry on. */
    EDGE('P', "edge");

    private final char letter;
    private final String words;

    EndedBy(char letter, String words) {
        this.letter = letter;
        this.words = words;
    }

    public char letter() {
        return letter;
    }

    public String words() {
        return words;
    }

    public static EndedBy of(@Nullable Failure failure) {
        if (failure == null) {
            return NOBODY;
        }
        if (failure instanceof ByClient byClient) {
            return switch (byClient) {
                case GONE -> CLIENT;
                case CLIENT_TIMEOUT,
                        HEAD_TIMEOUT,
                        BODY_TIMEOUT,
                        BODY_TOO_SLOW,
                        RESPONSE_NOT_TAKEN,
                        RESPONSE_TAKEN_TOO_SLOWLY -> CLIENT_TIMEOUT;
                default -> EDGE;
            };
        }
        if (failure instanceof ByServer byServer) {
            return switch (byServer) {
                case CONNECT_TIMEOUT, QUEUE_TIMEOUT, RESPONSE_TIMEOUT, SERVER_TIMEOUT -> SERVER_TIMEOUT;
                default -> SERVER;
            };
        }
        return EDGE;
    }
}
