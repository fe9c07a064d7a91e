package dev.postern.http.step;

import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.RequestStep;
import dev.postern.machine.MemoryGuard;
import dev.postern.wire.Failure;

/** Before all other steps, because a request that is answered at once holds nothing. */
public final class RefuseWhenMemoryIsShort implements RequestStep {
    private final MemoryGuard memory;

    public RefuseWhenMemoryIsShort(MemoryGuard memory) {
        this.memory = memory;
    }

    @Override
    public boolean handle(Exchange exchange) {
        if (!memory.isShort()) {
            return false;
        }
        memory.refused(MemoryGuard.Refused.REQUEST);
        exchange.fail(Failure.ByEdge.OUT_OF_RESOURCES, "memory is short");
        return true;
    }

    /** A head that waits for its end is held as well. */
    @Override
    public boolean comesFirst() {
        return true;
    }
}
