package dev.postern.http;

import java.net.InetAddress;

/** A request that never became an exchange: its head could not be read, or did not come. */
final class Refusal extends ExchangeRecord {
    private final InetAddress address;

    /** @param status as the client is told; 0 where it is told nothing */
    Refusal(String id, Client client, long beganNanos, Failure failure, int status) {
        super(id, client, null, beganNanos, NEVER);
        this.address = client.address();
        failed(failure, false);
        if (status != 0) {
            answered(status, System.nanoTime());
        }
    }

    @Override
    public InetAddress clientAddress() {
        return address;
    }
}
