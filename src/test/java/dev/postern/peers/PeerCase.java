package dev.postern.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.testing.Http2Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a client sends, and what the server answers, as one file has it:
 *
 * <pre>
 * # Why, and where it is from.
 * over: plain                    or tls, or h2 (over TLS); plain where nothing is said
 * preface: no                    over h2: the client's preface and an empty SETTINGS are left out
 * pieces: no                     it makes a difference, and must, when a part arrives: nothing is cut
 * compare: connection, te        fields that are compared although they are as a rule between neighbours only
 * >
 * GET / HTTP/1.1\r\n             see Notation; over h2 see Frames
 * Host: localhost\r\n
 * \r\n
 * > after the answer             what the client sends when it has an answer to all that is above
 * <
 * HTTP/1.1 200 OK\r\n            the server's answer to each request; a plain 200 where there is none
 * Content-Length: 0\r\n
 * \r\n
 * < then closes                  or resets; else it stays
 * </pre>
 */
final class PeerCase {
    /** What carries the client's bytes. */
    enum Over {
        PLAIN,
        TLS,
        H2
    }

    /** What the server does behind its answer. */
    enum Then {
        STAYS,
        CLOSES,
        RESETS
    }

    private final String name;
    private Over over = Over.PLAIN;
    private Then then = Then.STAYS;
    private boolean hasPreface = true;
    private boolean hasPieces = true;
    private final Set<String> compared = new TreeSet<>();
    private final List<byte[]> requests = new ArrayList<>();
    private final NavigableSet<Integer> streams = new TreeSet<>();
    private byte[] answer = {};

    PeerCase(String name, String text) {
        this.name = name;
        String section = "";
        StringBuilder content = new StringBuilder();
        for (String line : text.lines().toList()) {
            if (line.startsWith(">") || line.startsWith("<")) {
                end(section, content);
                section = line;
                content.setLength(0);
            } else if (!section.isEmpty()) {
                content.append(line).append('\n');
            } else if (!line.startsWith("#") && !line.isBlank()) {
                setting(line);
            }
        }
        end(section, content);
        if (requests.isEmpty()) {
            throw new IllegalArgumentException(name + ": nothing is sent");
        }
    }

    private void setting(String line) {
        String[] parts = line.split(": *", 2);
        switch (parts[0]) {
            case "over" -> over = Over.valueOf(parts[1].toUpperCase(Locale.ROOT));
            case "preface" -> hasPreface = !parts[1].equals("no");
            case "pieces" -> hasPieces = !parts[1].equals("no");
            case "compare" -> compared.addAll(List.of(parts[1].split(", *", -1)));
            default -> throw new IllegalArgumentException(name + ": unknown setting: \"" + line + '"');
        }
    }

    private void end(String section, CharSequence content) {
        if (section.startsWith(">") && over == Over.H2) {
            Frames frames = new Frames(content.toString());
            streams.addAll(frames.streams());
            requests.add(requests.isEmpty() && hasPreface ? behindPreface(frames.bytes()) : frames.bytes());
        } else if (section.startsWith(">")) {
            requests.add(Notation.bytes(content.toString()));
        } else if (section.equals("<")) {
            answer = Notation.bytes(content.toString());
        } else if (section.startsWith("< then ")) {
            then = Then.valueOf(section.substring(7).toUpperCase(Locale.ROOT));
        } else if (!section.isEmpty()) {
            throw new IllegalArgumentException(name + ": unknown section: \"" + section + '"');
        }
    }

    private static byte[] behindPreface(byte[] frames) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1));
        all.writeBytes(Http2Wire.frame(Http2Wire.SETTINGS, 0, 0));
        all.writeBytes(frames);
        return all.toByteArray();
    }

    /** All of a folder and what is below, named by their paths without the ending. */
    static List<PeerCase> all(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".http"))
                    .sorted()
                    .map(file -> read(folder, file))
                    .collect(Collectors.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static PeerCase read(Path folder, Path file) {
        try {
            String path = folder.relativize(file).toString();
            return new PeerCase(path.substring(0, path.length() - ".http".length()), Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String name() {
        return name;
    }

    Over over() {
        return over;
    }

    Then then() {
        return then;
    }

    boolean hasPieces() {
        return hasPieces;
    }

    boolean isCompared(String field) {
        return compared.contains(field);
    }

    /** What is sent, in as many parts as there are answers to wait for. */
    List<byte[]> requests() {
        return requests;
    }

    /** All parts, one behind the other. */
    byte[] request() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        requests.forEach(all::writeBytes);
        return all.toByteArray();
    }

    /** The streams that the client opens. */
    NavigableSet<Integer> streams() {
        return streams;
    }

    boolean isHead() {
        return new String(requests.get(0), ISO_8859_1).startsWith("HEAD ");
    }

    /** Empty for the plain one. */
    byte[] answer() {
        return answer;
    }

    /** Whether an answer with this status can be the server's. */
    boolean isOfServer(int status) {
        return status < 400 || new String(answer, ISO_8859_1).contains(" " + status + " ");
    }

    @Override
    public String toString() {
        return name;
    }
}
