package dev.postern.app;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGHUP, which would end the process: the JVM takes it for a request to stop. Where it was ignored from the start, as
 * under {@code nohup}, it stays so.
 */
final class HangUp {
    private static final Logger LOG = LoggerFactory.getLogger(HangUp.class);

    private HangUp() {}

    /**
     * Runs {@code action} at each SIGHUP, on a thread of the JVM.
     *
     * <p>{@code sun.misc.Signal} is what every JDK has (module {@code jdk.unsupported}) and the only way there is; asked
     * for by name, because javac warns of each mention of it, and of this no annotation keeps it.
     */
    static void handle(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            MethodHandle run = MethodHandles.lookup()
                    .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                    .bindTo(action);
            Object onSignal =
                    MethodHandleProxies.asInterfaceInstance(handler, MethodHandles.dropArguments(run, 0, signal));
            Object hangUp = signal.getConstructor(String.class).newInstance("HUP");
            signal.getMethod("handle", signal, handler).invoke(null, hangUp, onSignal);
        } catch (ReflectiveOperationException | RuntimeException e) {
            // With -Xrs, or without such a signal: no reason not to serve.
            LOG.debug("HUP is left to the JVM", e);
        }
    }
}
