package dev.postern.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails the test class by whose end Netty has found a buffer, a TLS context or engine that nobody let go: registered for
 * all of them. Those that start an edge look for leaks themselves, which takes as long as a short test does; all others
 * fail for what happens to be found. The records of the leak say where it came from.
 */
public final class LeakedResources implements AfterAllCallback {
    private static final ExtensionContext.Namespace HERE = ExtensionContext.Namespace.create(LeakedResources.class);
    private static final List<String> FOUND = new CopyOnWriteArrayList<>();
    private static final List<ResourceLeakDetector<Object>> DETECTORS = new CopyOnWriteArrayList<>();

    // Before the first test, and so before any class of Netty's has made its detector.
    static {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(
                new ListeningFactory(ResourceLeakDetectorFactory.instance()));
    }

    private static final class ListeningFactory extends ResourceLeakDetectorFactory {
        private final ResourceLeakDetectorFactory before;

        ListeningFactory(ResourceLeakDetectorFactory before) {
            this.before = before;
        }

        @Override
        @SuppressWarnings("deprecation")
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> resource, int interval, long maxActive) {
            return newResourceLeakDetector(resource, interval);
        }

        @Override
        @SuppressWarnings("unchecked")
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> resource, int interval) {
            ResourceLeakDetector<T> detector = before.newResourceLeakDetector(resource, interval);
            detector.setLeakListener((type, records) -> FOUND.add(type + "\n" + records));
            DETECTORS.add((ResourceLeakDetector<Object>) detector);
            return detector;
        }
    }

    /** From any test of the class; looks for leaks after the last one. */
    static void failClass(ExtensionContext test) {
        ExtensionContext tests = test;
        while (tests.getTestMethod().isPresent()) {
            tests = tests.getParent().orElseThrow();
        }
        String name = tests.getDisplayName();
        // Closed by JUnit when it is done with the class.
        AutoCloseable search = () -> {
            look();
            fail(name);
        };
        var unused = tests.getStore(HERE).computeIfAbsent("leaks", key -> search);
    }

    /** A leak is found when the collector finds what was leaked, and told when the next one of its kind is made. */
    private static void look() {
        for (int i = 0; i < 2; i++) {
            System.gc();
            for (ResourceLeakDetector<Object> detector : DETECTORS) {
                Object next = new Object();
                ResourceLeakTracker<Object> tracker = detector.trackForcibly(next);
                tracker.close(next);
            }
        }
    }

    private static void fail(String tests) {
        List<String> found = List.copyOf(FOUND);
        // They are this class's fault, and not that of those that follow.
        FOUND.removeAll(found);
        assertThat(found).as("leaked by " + tests).isEmpty();
    }

    @Override
    public void afterAll(ExtensionContext tests) {
        fail(tests.getDisplayName() + ", or those before it");
    }
}
