package dev.postern.http.exchange;

import dev.postern.http.message.Failure;
import dev.postern.http.message.Legible;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** A request that never became an exchange: its head could not be read, or did not come. */
public final class Refusal extends ExchangeRecord {
    private final InetAddress address;
    private final Legible legible;

    /** @param legible what could be read of it all the same */
    public Refusal(String id, Client client, Legible legible, long beganNanos, Failure failure) {
        super(id, client, null, beganNanos, NEVER);
        this.address = client.address();
        this.legible = legible;
        failed(failure, false);
    }

    /** The client is told so. */
    public Refusal with(LocalResponse answer) {
        answered(answer.status(), System.nanoTime());
        sent(answer.body().length);
        return this;
    }

    @Override
    public @Nullable String method() {
        return legible.method();
    }

    @Override
    public @Nullable String host() {
        return legible.host();
    }

    @Override
    public @Nullable String target() {
        return legible.target();
    }

    @Override
    public InetAddress clientAddress() {
        return address;
    }
}
