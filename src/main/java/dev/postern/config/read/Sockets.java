package dev.postern.config.read;

import dev.postern.config.BindAddress;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import org.jspecify.annotations.Nullable;

/** What is said of all the sockets of a listener. */
record Sockets(@Nullable String device, boolean nonLocal) {
    // Linux: IFNAMSIZ is 16, with the NUL.
    private static final Scalar<String> INTERFACE =
            new Scalar<>("the name of a network interface such as eth0", text -> {
                if (!text.matches("[^\\s/:]{1,15}")) {
                    throw new NotUnderstood("is no name of a network interface");
                }
                return text;
            });

    /** @param listener {@code interface} and {@code transparent} are among its keys */
    static Sockets of(Section listener) {
        return new Sockets(listener.find("interface", INTERFACE), listener.get("transparent", Scalar.BOOLEAN, false));
    }

    BindAddress at(BindAddress address) {
        return new BindAddress(address.address(), address.port(), device, nonLocal);
    }
}
