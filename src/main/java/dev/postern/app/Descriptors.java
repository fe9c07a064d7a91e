package dev.postern.app;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The file-descriptor limit of this process. */
final class Descriptors {
    /** What to assume where the system does not say: the usual soft limit. */
    private static final long USUAL = 1024;

    private Descriptors() {}

    static long max() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : USUAL;
    }
}
