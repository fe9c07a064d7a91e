package dev.postern.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;

/** Streams of good requests, and what an attacker makes of them. */
public final class Mutations {
    public static final int FORMS = 4;

    public static final List<String> WORDS = List.of(
            "\r\n",
            "\n",
            "\r",
            "\0",
            " ",
            "\t",
            ":",
            ",",
            ";",
            "0\r\n\r\n",
            "\r\n\r\n",
            "Content-Length: 5\r\n",
            "Content-Length:0\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Host: localhost\r\n",
            "Expect: 100-continue\r\n",
            "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "chunked",
            "0x",
            "-",
            "+",
            "_",
            "00000000",
            "ffffffffffffffff",
            "HTTP/1.0",
            "\u00ff",
            "\u007f",
            "\u000b");

    private final RandomGenerator random;

    Mutations(RandomGenerator random) {
        this.random = random;
    }

    /** One to four good requests, each with a target of its own. */
    String stream() {
        StringBuilder stream = new StringBuilder();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            stream.append(request(i, random.nextInt(FORMS), random.nextInt(20)));
        }
        return stream.toString();
    }

    /** A good request for {@code /r} and its number, in one of {@link #FORMS} forms. */
    public static String request(int number, int form, int length) {
        String body = "x".repeat(length) + "y" + number;
        String target = "/r" + number;
        return switch (form) {
            case 0 -> "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
            case 1 ->
                "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nX-A: b c\r\nContent-Length: " + body.length()
                        + "\r\n\r\n" + body;
            case 2 ->
                "PUT " + target + " HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: localhost\r\n\r\n"
                        + Integer.toHexString(body.length()) + ";e=1\r\n" + body + "\r\n1\r\nz\r\n0\r\nX-T: u\r\n\r\n";
            default -> "DELETE " + target + "?q=1 HTTP/1.1\r\nhost:localhost\r\nContent-Length: 0\r\n\r\n";
        };
    }

    /** The same with one to three wounds. */
    byte[] wounded(String stream) {
        byte[] bytes = stream.getBytes(StandardCharsets.ISO_8859_1);
        for (int wounds = 1 + random.nextInt(3); wounds > 0; wounds--) {
            bytes = new Wound(
                            Kind.values()[random.nextInt(Kind.values().length)],
                            random.nextInt(bytes.length + 1),
                            1 + random.nextInt(8),
                            WORDS.get(random.nextInt(WORDS.size())))
                    .in(bytes);
        }
        return bytes;
    }

    int cut(int length) {
        return random.nextInt(length + 1);
    }

    public enum Kind {
        INSERTED,
        LEFT_OUT,
        TWICE,
        FLIPPED,
        REPLACED
    }

    /**
     * @param at from where; beyond the end of the bytes it begins anew
     * @param length of what is left out, repeated or replaced; 1 to 8, of which one bit is flipped
     * @param word what is put there
     */
    public record Wound(Kind kind, int at, int length, String word) {
        public byte[] in(byte[] bytes) {
            int from = at % (bytes.length + 1);
            int count = Math.min(bytes.length - from, length);
            ByteArrayOutputStream wounded = new ByteArrayOutputStream();
            wounded.write(bytes, 0, from);
            int rest = from;
            switch (kind) {
                case INSERTED -> wounded.writeBytes(word.getBytes(StandardCharsets.ISO_8859_1));
                case LEFT_OUT -> rest = from + count;
                case TWICE -> wounded.write(bytes, from, count);
                case FLIPPED -> {
                    if (count > 0) {
                        wounded.write(bytes[from] ^ 1 << (length - 1));
                        rest = from + 1;
                    }
                }
                case REPLACED -> {
                    wounded.writeBytes(word.getBytes(StandardCharsets.ISO_8859_1));
                    rest = from + count;
                }
            }
            wounded.write(bytes, rest, bytes.length - rest);
            byte[] result = wounded.toByteArray();
            return result.length == 0 ? bytes : result;
        }
    }
}
