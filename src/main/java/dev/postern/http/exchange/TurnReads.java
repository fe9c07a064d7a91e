package dev.postern.http.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * How much is read of a connection in a turn of its event loop: once, and less the more the others have sent. What is read
 * is decrypted at once, whoever waits. Event loop only.
 */
final class TurnReads implements RecvByteBufAllocator {
    /** Bytes: a full record of TLS, as the others read it whose event loops are busy. */
    private static final int BUSY = 16 * 1024;

    private final RecvByteBufAllocator alone = new AdaptiveRecvByteBufAllocator().maxMessagesPerRead(1);
    private final Turns turns;

    TurnReads(Turns turns) {
        this.turns = turns;
    }

    // Handle is deprecated, and still what the interface asks for.
    @SuppressWarnings("deprecation")
    @Override
    public Handle newHandle() {
        return new Bounded(alone.newHandle());
    }

    private final class Bounded extends DelegatingHandle implements ExtendedHandle {
        private final ExtendedHandle handle;

        @SuppressWarnings("deprecation")
        Bounded(Handle handle) {
            super(handle);
            this.handle = (ExtendedHandle) handle;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            return allocator.ioBuffer(guess());
        }

        @Override
        public int guess() {
            int wanted = handle.guess();
            return wanted > BUSY && turns.isOver() ? BUSY : wanted;
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier more) {
            return handle.continueReading(more);
        }
    }
}
