package dev.postern.app;

import dev.postern.config.Configuration;
import dev.postern.config.Listeners;
import dev.postern.config.TcpService;
import dev.postern.listener.CannotListen;
import dev.postern.listener.GivenSockets;
import dev.postern.listener.Listener;
import java.util.List;

/** Whether all that a configuration listens on could be bound, before anything is made that would be left behind. */
final class FreeAddresses {
    private FreeAddresses() {}

    /**
     * @param given need not be bound
     * @throws CannotListen for the first one that cannot
     */
    static void require(Configuration config, GivenSockets given) throws CannotListen {
        Listeners listeners = config.listeners();
        Listener.requireFree("challenge", config.sidePort(), given);
        for (Listeners.Https https : listeners.allHttps()) {
            Listener.requireFree(https.name(), WebListeners.binds(config, https), given);
        }
        for (Listeners.Http http : listeners.allHttp()) {
            Listener.requireFree(http.name(), WebListeners.binds(config, http), given);
        }
        Listeners.Admin admin = listeners.admin();
        for (TcpService service : config.tcp()) {
            Listener.requireFree("tcp " + service.name(), service.bind(), given);
        }
        Listener.requireFree("admin", admin == null ? List.of() : admin.bind(), given);
    }
}
