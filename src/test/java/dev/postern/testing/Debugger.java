package dev.postern.testing;

import static org.awaitility.Awaitility.await;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.ObjectReference;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.ThreadReference;
import com.sun.jdi.VMDisconnectedException;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.connect.Connector;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Does to the threads of a {@link PosternProcess} what nothing in it does by itself. */
public final class Debugger implements AutoCloseable {
    /** For the process, which says the address when it starts. */
    public static final String AGENT = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0";

    private final VirtualMachine machine;

    private Debugger(VirtualMachine machine) {
        this.machine = machine;
    }

    /** To a process that was started with {@link #AGENT}. */
    public static Debugger attach(PosternProcess process) throws Exception {
        String line = process.awaitLine("Listening for transport dt_socket at address: ");
        String port = line.substring(line.lastIndexOf(' ') + 1);
        AttachingConnector sockets = Bootstrap.virtualMachineManager().attachingConnectors().stream()
                .filter(connector -> connector.name().equals("com.sun.jdi.SocketAttach"))
                .findFirst()
                .orElseThrow();
        Map<String, Connector.Argument> arguments = sockets.defaultArguments();
        arguments.get("hostname").setValue("127.0.0.1");
        arguments.get("port").setValue(port);
        return new Debugger(sockets.attach(arguments));
    }

    /** Some begin a moment after the process has said that it is ready. */
    private ThreadReference thread(String name) {
        return await().until(
                        () -> machine.allThreads().stream()
                                .filter(thread -> thread.name().equals(name))
                                .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /** It goes no further. */
    public void suspend(String thread) {
        thread(thread).suspend();
    }

    /**
     * Wherever it is, it throws one of the errors that the machine keeps for when there is no memory. A debugger throws by
     * interrupting as well, which memory that runs out does not; that is taken back before the thread goes on. Where an
     * interrupted one ends the process, the debugger's agent there waits on it, is interrupted, and falls over a null of its
     * own: SIGSEGV in {@code threadControl_setPendingInterrupt} of libjdwp, below {@code JVM_Halt}, and 134 for an exit code.
     */
    public void throwOutOfMemoryError(String name) throws Exception {
        List<ObjectReference> kept =
                machine.classesByName("java.lang.OutOfMemoryError").get(0).instances(1);
        ThreadReference thread = thread(name);
        thread.suspend();
        thread.stop(kept.get(0));
        thread.setValue(thread.referenceType().fieldByName("interrupted"), machine.mirrorOf(false));
        thread.resume();
    }

    /** Sets a field of the only object of its class. */
    public void set(Class<?> type, String field, boolean value) throws Exception {
        ReferenceType there = machine.classesByName(type.getName()).get(0);
        there.instances(1).get(0).setValue(there.fieldByName(field), machine.mirrorOf(value));
    }

    @Override
    public void close() {
        try {
            machine.dispose();
        } catch (VMDisconnectedException e) {
            // It has ended.
        }
    }
}
