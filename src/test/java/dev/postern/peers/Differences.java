package dev.postern.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where Postern differs from all of them, and why: {@code = reason}, and below it each case and aspect with what Postern does.
 *
 * <pre>
 * = RFC 9112 §6.3 leaves a proxy the choice to refuse
 * request/length-twice | answers | 400
 * </pre>
 */
final class Differences {
    private final Map<String, String> reasons = new LinkedHashMap<>();

    static Differences read(Path file) {
        Differences read = new Differences();
        try {
            String reason = "";
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith("=")) {
                    reason = line.substring(1).strip();
                } else if (!line.isBlank() && !line.startsWith("#")) {
                    if (reason.isEmpty()) {
                        throw new IllegalArgumentException("no reason for: \"" + line + '"');
                    }
                    read.reasons.put(line.strip(), reason);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return read;
    }

    static String line(PeerCase sent, String aspect, Outcome postern) {
        return sent.name() + " | " + aspect + " | " + postern.get(aspect);
    }

    Map<String, String> reasons() {
        return reasons;
    }
}
