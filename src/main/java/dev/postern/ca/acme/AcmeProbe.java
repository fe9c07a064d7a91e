package dev.postern.ca.acme;

/**
 * Watches the requests to {@link AcmeServer}, and may interfere: whatever it throws closes the connection without an
 * answer. Called on the thread of the request; one that waits holds up only that request.
 */
public interface AcmeProbe {
    /** The one that does nothing. */
    AcmeProbe NONE = new AcmeProbe() {};

    /** Before anything of the request was looked at but its method and path. */
    @SuppressWarnings("unused")
    default void before(AcmeRequest request) throws Exception {}

    /** After the request took effect, before any of the answer is sent. */
    @SuppressWarnings("unused")
    default void after(AcmeRequest request, int status) throws Exception {}
}
