package dev.postern.backend;

import java.util.function.Consumer;

/** Asks DNS servers. Used on one event loop, and never blocks it. */
interface Resolver extends AutoCloseable {
    /** One of the two families that addresses come in. */
    enum Family {
        IPV4,
        IPV6
    }

    /** @param answered called once, on the event loop */
    void ask(String host, Family family, Consumer<DnsAnswer> answered);

    @Override
    void close();
}
