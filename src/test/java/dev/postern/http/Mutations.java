package dev.postern.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;

/** Streams of good requests, and what an attacker makes of them. */
final class Mutations {
    private static final List<String> WORDS = List.of(
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
            String body = "x".repeat(random.nextInt(20)) + "y" + i;
            String target = "/r" + i;
            switch (random.nextInt(4)) {
                case 0 -> stream.append("GET ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n\r\n");
                case 1 ->
                    stream.append("POST ")
                            .append(target)
                            .append(" HTTP/1.1\r\nHost: localhost\r\nX-A: b c\r\nContent-Length: ")
                            .append(body.length())
                            .append("\r\n\r\n")
                            .append(body);
                case 2 ->
                    stream.append("PUT ")
                            .append(target)
                            .append(" HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: localhost\r\n\r\n")
                            .append(Integer.toHexString(body.length()))
                            .append(";e=1\r\n")
                            .append(body)
                            .append("\r\n1\r\nz\r\n0\r\nX-T: u\r\n\r\n");
                default ->
                    stream.append("DELETE ")
                            .append(target)
                            .append("?q=1 HTTP/1.1\r\nhost:localhost\r\nContent-Length: 0\r\n\r\n");
            }
        }
        return stream.toString();
    }

    /** The same with one to three wounds. */
    byte[] wounded(String stream) {
        byte[] bytes = stream.getBytes(StandardCharsets.ISO_8859_1);
        for (int wounds = 1 + random.nextInt(3); wounds > 0; wounds--) {
            bytes = wounded(bytes);
        }
        return bytes;
    }

    private byte[] wounded(byte[] bytes) {
        int at = random.nextInt(bytes.length + 1);
        int length = Math.min(bytes.length - at, 1 + random.nextInt(8));
        ByteArrayOutputStream wounded = new ByteArrayOutputStream();
        wounded.write(bytes, 0, at);
        int rest = at;
        switch (random.nextInt(5)) {
            case 0 -> wounded.writeBytes(WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.ISO_8859_1));
            case 1 -> rest = at + length;
            case 2 -> wounded.write(bytes, at, length);
            case 3 -> {
                if (length > 0) {
                    wounded.write(bytes[at] ^ 1 << random.nextInt(8));
                    rest = at + 1;
                }
            }
            default -> {
                wounded.writeBytes(WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.ISO_8859_1));
                rest = at + length;
            }
        }
        wounded.write(bytes, rest, bytes.length - rest);
        byte[] result = wounded.toByteArray();
        return result.length == 0 ? bytes : result;
    }

    int cut(int length) {
        return random.nextInt(length + 1);
    }
}
