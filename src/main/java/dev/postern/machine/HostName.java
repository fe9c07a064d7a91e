package dev.postern.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this machine is called, as it says itself: the DNS is not asked, which may take long when there is trouble. Any thread. */
public final class HostName {
    private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

    private HostName() {}

    /** @param unknown where it does not say */
    public static String or(String unknown) {
        try {
            String name = Files.readString(KERNEL).strip();
            return name.isEmpty() ? unknown : name;
        } catch (IOException e) {
            return unknown;
        }
    }
}
