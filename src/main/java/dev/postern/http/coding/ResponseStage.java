package dev.postern.http.coding;

import dev.postern.http.message.ResponseHead;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * What is done to one response between its server and its client (response filter): to its head once, then to its body as it
 * comes. Where a method is left as it is here, nothing is done. Every buffer that is returned is the caller's. Event loop only.
 */
public interface ResponseStage {
    /** The response reaches the client as it came. */
    ResponseStage NONE = new ResponseStage() {};

    default ResponseHead head(ResponseHead came) {
        return came;
    }

    /** Of the body that the client gets, as {@link ResponseHead#bodyLength}. */
    default long bodyLength(long came) {
        return came;
    }

    /** Takes ownership of {@code part}; what comes back may be empty. */
    default ByteBuf body(ByteBuf part) {
        return part;
    }

    /** What the client needs to make use of all that was taken; null where it has it already. */
    default @Nullable ByteBuf flush() {
        return null;
    }

    /** The end of the body; null where there is nothing more. */
    default @Nullable ByteBuf finish() {
        return null;
    }

    /** However the response ended. May be called again. */
    default void close() {}
}
