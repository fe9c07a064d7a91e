package dev.postern.app;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What operators send besides requests to stop: HUP and USR1, each of which would end the process otherwise. Where one
 * was ignored from the start, as HUP is under {@code nohup}, it stays so.
 */
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    private static final String HANDLER = "sun.misc.SignalHandler";

    private Signals() {}

    /**
     * Runs {@code action} at each signal of that name, such as {@code HUP}, on a thread of the JVM.
     *
     * <p>{@code sun.misc.Signal} is what every JDK has (module {@code jdk.unsupported}) and the only way there is; asked
     * for by name, because javac warns of each mention of it, and of this no annotation keeps it.
     */
    static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Object wanted = signal.getConstructor(String.class).newInstance(name);
            signal.getMethod("handle", signal, Class.forName(HANDLER)).invoke(null, wanted, handler(signal, action));
        } catch (ReflectiveOperationException | RuntimeException e) {
            // With -Xrs, or without such a signal: no reason not to serve.
            LOG.debug("{} is left to the JVM", name, e);
        }
    }

    private static Object handler(Class<?> signal, Runnable action) throws ReflectiveOperationException {
        MethodHandle run = MethodHandles.lookup()
                .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                .bindTo(action);
        return MethodHandleProxies.asInterfaceInstance(
                Class.forName(HANDLER), MethodHandles.dropArguments(run, 0, signal));
    }

    /** Does what takes the JVM a while the first time: to make a class. */
    static void prepare() {
        try {
            var unused = handler(Class.forName("sun.misc.Signal"), () -> {});
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.debug("signals are left to the JVM", e);
        }
    }
}
