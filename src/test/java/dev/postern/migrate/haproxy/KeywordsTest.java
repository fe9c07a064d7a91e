package dev.postern.migrate.haproxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every keyword that HAProxy has, one after the other: what comes out is not what comes out without it, or names it and its
 * line. So nothing vanishes that was in a file.
 */
class KeywordsTest {
    private static final Path LIST = Path.of("src/test/resources/migrate/haproxy/keywords.txt");
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2027-01-01T00:00:00Z"));

    /** They say what holds anyway. */
    private static final Set<String> SAID_ALREADY =
            Set.of("listen: mode http", "listen: mode tcp", "listen: default-server check", "server: verify required");

    @TempDir
    private Path directory;

    private String imported(String text) throws IOException {
        return HaproxyImport.read(Files.writeString(directory.resolve("h.cfg"), text), Map.of(), CLOCK)
                .text();
    }

    /**
     * @param server what its server says
     * @param at {@code global}, {@code listen}, {@code bind}, {@code server} or {@code acl}
     */
    private static String file(String mode, String server, String at, String words) {
        String said = at.equals("acl") && !words.isEmpty()
                ? (mode.equals("http") ? "http-request deny" : "tcp-request content reject") + " if { " + words + " }"
                : words;
        Map<String, String> lines = Map.of(at.equals("acl") ? "listen" : at, said);
        return """
                global
                  %s
                defaults
                  mode %s
                  timeout connect 5s
                  timeout client 1m
                  timeout server 1m
                listen web
                  bind :8443 ssl crt /nowhere/www.example.com.pem %s
                  server one 10.0.0.1:80 %s %s
                  %s
                backend other
                  server o 10.0.0.9:80
                """.formatted(
                        lines.getOrDefault("global", ""),
                        mode,
                        lines.getOrDefault("bind", ""),
                        server,
                        lines.getOrDefault("server", ""),
                        lines.getOrDefault("listen", ""));
    }

    @ParameterizedTest
    @CsvSource({"http, check", "tcp, check", "http, check ssl"})
    void noKeywordVanishes(String mode, String server) throws Exception {
        List<String> vanished = new ArrayList<>();
        for (String line : Files.readAllLines(LIST)) {
            int colon = line.indexOf(": ");
            if (line.startsWith("#") || SAID_ALREADY.contains(line)) {
                continue;
            }
            String at = line.substring(0, colon);
            String words = line.substring(colon + 2);
            if (at.equals("server") && List.of(server.split(" ")).contains(words)) {
                continue;
            }
            String with = imported(file(mode, server, at, words));
            String without = imported(file(mode, server, at, ""));
            // A line that stands there in full says nothing of what became of one of its words.
            boolean isPart = at.equals("bind") || at.equals("server");
            if (isPart ? said(with).equals(said(without)) : with.equals(without)) {
                vanished.add(line);
            }
            try {
                ConfigurationFile.parse("result", with);
            } catch (ConfigurationProblems e) {
                throw new AssertionError(line + ": " + e.lines() + "\n" + with, e);
            }
        }
        assertThat(vanished).isEmpty();
    }

    private static String said(String text) {
        return text.lines()
                .filter(line -> !line.strip().startsWith("# h.cfg:") || line.contains(": … "))
                .collect(Collectors.joining("\n"));
    }
}
