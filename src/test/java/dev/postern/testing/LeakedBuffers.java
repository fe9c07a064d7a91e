package dev.postern.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails the test class that leaks a buffer, once all its tests have run: a leak is found by collecting garbage, which
 * takes as long as a short test does. The records of the leak say where it came from.
 */
final class LeakedBuffers implements AutoCloseable {
    private static final ExtensionContext.Namespace HERE = ExtensionContext.Namespace.create(LeakedBuffers.class);
    private static final List<String> FOUND = new CopyOnWriteArrayList<>();

    static {
        ByteBufUtil.setLeakListener((type, records) -> FOUND.add(type + "\n" + records));
    }

    private final String tests;

    private LeakedBuffers(String tests) {
        this.tests = tests;
    }

    /** From any test of the class; looks for leaks after the last one. */
    static void failClass(ExtensionContext test) {
        ExtensionContext tests = test;
        while (tests.getTestMethod().isPresent()) {
            tests = tests.getParent().orElseThrow();
        }
        String name = tests.getDisplayName();
        var unused = tests.getStore(HERE).computeIfAbsent("leaks", key -> new LeakedBuffers(name));
    }

    /** Called by JUnit when it is done with the class. */
    @Override
    public void close() {
        // A leak is found when the collector finds the buffer, and told when the next one is allocated.
        for (int i = 0; i < 2; i++) {
            System.gc();
            ByteBufAllocator.DEFAULT.directBuffer(1).release();
        }
        List<String> found = List.copyOf(FOUND);
        // They are this class's fault, and not that of those that follow.
        FOUND.removeAll(found);
        assertThat(found).as("buffers leaked by " + tests).isEmpty();
    }
}
