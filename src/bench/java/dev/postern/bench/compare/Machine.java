package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What all this ran on. */
final class Machine {
    private Machine() {}

    static String describe() {
        try {
            String processor = Haproxy.first("model name\\s*: (.*)", Files.readString(Path.of("/proc/cpuinfo")));
            String system = Haproxy.first("PRETTY_NAME=\"?([^\"\n]*)", Files.readString(Path.of("/etc/os-release")));
            return "%s, %d cores, %s, Linux %s"
                    .formatted(processor.strip(), processors(), system, System.getProperty("os.version"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of the machine: nobody here need be let use them all. */
    private static int processors() {
        try (var folders = Files.list(Path.of("/sys/devices/system/cpu"))) {
            return (int)
                    folders.filter(folder -> folder.getFileName().toString().matches("cpu\\d+"))
                            .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
