package dev.postern.app;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What operators send besides requests to stop: HUP and USR1, each of which would end the process otherwise. Where one
 * was ignored from the start, as HUP is under {@code nohup}, it stays so.
 */
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    /** The name of what asks a daemon to read its file again. */
    static final String HANG_UP = "HUP";

    private static final String HANDLER = "sun.misc.SignalHandler";

    private Signals() {}

    /**
     * Runs {@code action} at each signal of that name, such as {@code HUP}, on a thread of the JVM.
     *
     * <p>{@code sun.misc.Signal} is what every JDK has (module {@code jdk.unsupported}) and the only way there is; asked
     * for by name, because javac warns of each mention of it, and of this no annotation keeps it.
     *
     * @return false where the signal is known to be ignored, whatever is done
     */
    static boolean handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Object wanted = signal.getConstructor(String.class).newInstance(name);
            Class<?> handler = Class.forName(HANDLER);
            Object before = signal.getMethod("handle", signal, handler).invoke(null, wanted, handler(signal, action));
            // The JVM leaves ignored what was, of the signals that end it: HUP, INT and TERM.
            return !name.equals(HANG_UP)
                    || !Objects.equals(before, handler.getField("SIG_IGN").get(null));
        } catch (ReflectiveOperationException | RuntimeException e) {
            // With -Xrs, or without such a signal: no reason not to serve.
            LOG.debug("{} is left to the JVM", name, e);
            return true;
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
