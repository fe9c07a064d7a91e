package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The job, as a peer is to be configured for it.
 *
 * @param home the folder of this one instance
 * @param sites more sites than the one that is measured, each with a certificate of its own; they all lead to the same server
 */
record Setup(
        Path home,
        Map<Door, Integer> ports,
        int originPort,
        int h2cOriginPort,
        Certificates.Files3 certificate,
        List<Certificates.Files3> sites) {
    static Setup of(Path home, Origin origin, Certificates certificates, List<Certificates.Files3> sites) {
        Map<Door, Integer> ports = new EnumMap<>(Door.class);
        for (Door door : Door.values()) {
            ports.put(door, Ports.next());
        }
        try {
            Files.createDirectories(home);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Setup(home, ports, origin.port(), origin.h2cPort(), certificates.main(), sites);
    }

    int port(Door door) {
        return ports.get(door);
    }

    Path write(String name, String text) {
        try {
            return Files.writeString(home.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the program had to say. */
    String said() {
        try {
            return Files.readString(home.resolve("output.log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
