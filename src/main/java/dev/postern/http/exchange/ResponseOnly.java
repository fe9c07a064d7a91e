package dev.postern.http.exchange;

import dev.postern.http.message.Fields;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a server that answers an exchange without being sent its request: what the client still sends of it goes
 * nowhere. Event loop only.
 */
final class ResponseOnly implements ServerStream {
    private final ServerStream answering;
    private final Runnable end;

    /** @param end lets go of {@code answering} */
    ResponseOnly(ServerStream answering, Runnable end) {
        this.answering = answering;
        this.end = end;
    }

    @Override
    public void begin(OutgoingRequest request, ResponseReceiver receiver, boolean watchWrite) {
        throw new IllegalStateException("the response has begun");
    }

    @Override
    public void requestBody(ByteBuf part) {
        part.release();
    }

    @Override
    public void requestEnd(@Nullable Fields trailers) {}

    @Override
    public void flush() {}

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void pauseResponse() {
        answering.pauseResponse();
    }

    @Override
    public void resumeResponse() {
        answering.resumeResponse();
    }

    @Override
    public void abort() {
        end.run();
    }

    @Override
    public void leave(long nanos) {
        end.run();
    }

    @Override
    public void unused() {
        end.run();
    }
}
