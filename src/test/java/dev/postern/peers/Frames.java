package dev.postern.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.testing.Http2Wire;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * HTTP/2 frames as the files of cases have them, one a line:
 *
 * <pre>
 * SETTINGS 4=65535               and SETTINGS ack
 * HEADERS 1 end                  a field in each of the lines that follow, indented; "more" leaves END_HEADERS out
 *   :method: GET
 *   x: y                         never compressed, never indexed
 *   hex 3f e1 1f                 bytes of the header block as they are
 * CONTINUATION 1                 like HEADERS
 * DATA 1 end "text"
 * RST_STREAM 1 8
 * WINDOW_UPDATE 0 1000
 * PRIORITY 3 1 16                stream, the one it depends on, weight
 * PING "8 bytes."                and PING ack
 * GOAWAY 0 0                     last stream, error
 * FRAME 66 0 1 "text"            type, flags, stream
 * BYTES "text"                   no frame at all
 * 50 times PING "8 bytes."       for frames without fields
 * </pre>
 */
final class Frames {
    private static final List<String> TYPES = List.of(
            "DATA",
            "HEADERS",
            "PRIORITY",
            "RST_STREAM",
            "SETTINGS",
            "PUSH_PROMISE",
            "PING",
            "GOAWAY",
            "WINDOW_UPDATE",
            "CONTINUATION");

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final NavigableSet<Integer> streams = new TreeSet<>();

    Frames(String text) {
        Deque<String> lines = new ArrayDeque<>(text.lines().toList());
        while (!lines.isEmpty()) {
            String line = lines.remove();
            List<String> fields = new ArrayList<>();
            while (!lines.isEmpty() && lines.element().startsWith("  ")) {
                fields.add(lines.remove().substring(2));
            }
            if (!line.isBlank()) {
                add(line, fields);
            }
        }
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    /** Those that a HEADERS frame opens. */
    NavigableSet<Integer> streams() {
        return streams;
    }

    private void add(String line, List<String> fields) {
        int quote = line.indexOf('"');
        byte[] text = quote < 0 ? new byte[0] : Notation.bytes(line.substring(quote + 1, line.lastIndexOf('"')));
        List<String> words =
                List.of((quote < 0 ? line : line.substring(0, quote)).strip().split(" +", -1));
        int times = 1;
        if (words.size() > 1 && words.get(1).equals("times")) {
            times = Integer.parseInt(words.get(0));
            words = words.subList(2, words.size());
        }
        byte[] frame = frame(words, text, fields);
        for (int i = 0; i < times; i++) {
            bytes.writeBytes(frame);
        }
    }

    private byte[] frame(List<String> words, byte[] text, List<String> fields) {
        String name = words.get(0);
        int flags = words.contains("end") || words.contains("ack") ? 1 : 0;
        List<Integer> numbers = words.stream()
                .skip(1)
                .filter(word -> word.matches("\\d+"))
                .map(Long::parseLong)
                .map(Long::intValue)
                .toList();
        int type = TYPES.indexOf(name);
        return switch (name) {
            case "BYTES" -> text;
            case "FRAME" -> {
                if (numbers.get(0) == Http2Wire.HEADERS) {
                    streams.add(numbers.get(2));
                }
                yield Http2Wire.frame(numbers.get(0), numbers.get(1), numbers.get(2), text);
            }
            case "HEADERS", "CONTINUATION" -> {
                if (name.equals("HEADERS")) {
                    streams.add(numbers.get(0));
                }
                yield Http2Wire.frame(type, flags | (words.contains("more") ? 0 : 4), numbers.get(0), block(fields));
            }
            case "DATA" -> Http2Wire.frame(type, flags, numbers.get(0), text);
            case "PING" -> Http2Wire.frame(type, flags, 0, text);
            case "SETTINGS" -> Http2Wire.frame(type, flags, 0, settings(words));
            case "RST_STREAM", "WINDOW_UPDATE" ->
                Http2Wire.frame(
                        type,
                        0,
                        numbers.get(0),
                        ByteBuffer.allocate(4).putInt(numbers.get(1)).array());
            case "GOAWAY" ->
                Http2Wire.frame(
                        type,
                        0,
                        0,
                        ByteBuffer.allocate(8)
                                .putInt(numbers.get(0))
                                .putInt(numbers.get(1))
                                .array());
            case "PRIORITY" ->
                Http2Wire.frame(
                        type,
                        0,
                        numbers.get(0),
                        ByteBuffer.allocate(5)
                                .putInt(numbers.get(1))
                                .put((byte) (numbers.get(2) - 1))
                                .array());
            default -> throw new IllegalArgumentException("unknown frame: \"" + name + '"');
        };
    }

    private static byte[] settings(List<String> words) {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                payload.writeBytes(ByteBuffer.allocate(6)
                        .putShort(Short.parseShort(word.substring(0, equals)))
                        .putInt((int) Long.parseLong(word.substring(equals + 1)))
                        .array());
            }
        }
        return payload.toByteArray();
    }

    private static byte[] block(List<String> fields) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (String field : fields) {
            if (field.startsWith("hex ")) {
                block.writeBytes(HexFormat.of()
                        .parseHex(field.substring(4).replace(" ", "").toLowerCase(Locale.ROOT)));
            } else {
                // A name may begin with a colon, or be nothing; so may a value.
                String whole = field.endsWith(":") ? field + " " : field;
                int colon = whole.indexOf(": ", whole.startsWith(": ") ? 0 : 1);
                block.write(0);
                string(block, Notation.unescaped(whole.substring(0, colon)));
                string(block, Notation.unescaped(whole.substring(colon + 2)));
            }
        }
        return block.toByteArray();
    }

    /** Without Huffman's code (RFC 7541 §5.2). */
    private static void string(ByteArrayOutputStream block, String text) {
        byte[] octets = text.getBytes(ISO_8859_1);
        int length = octets.length;
        if (length < 127) {
            block.write(length);
        } else {
            block.write(127);
            for (length -= 127; length >= 128; length >>= 7) {
                block.write((length & 127) | 128);
            }
            block.write(length);
        }
        block.writeBytes(octets);
    }
}
