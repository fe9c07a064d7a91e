package dev.postern.config;

/** The Host that a server is asked for. */
public sealed interface SentHost {
    SentHost AS_ASKED = new AsAsked();

    /** That of the client. */
    record AsAsked() implements SentHost {}

    /** That of the server itself, as the configuration gives it. */
    record OfServer() implements SentHost {}

    record Named(String host) implements SentHost {}
}
