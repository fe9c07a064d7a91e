package dev.postern.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A second reading of what a client sent, written from RFC 9112 alone and as plainly as it can be: slow, on a whole text,
 * and without a line in common with what it is compared with. It accepts whatever the grammar accepts and means one thing.
 */
public final class ReferenceReader {
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final String REQUEST_LINE = "(" + TOKEN + ") ([\\x21-\\x7e\\x80-\\xff]+) HTTP/1\\.([0-9])";
    private static final String FIELD = "(" + TOKEN + "):[ \\t]*([\\x21-\\x7e\\x80-\\xff \\t]*)";

    private final String text;
    private int at;
    private final List<Message> messages = new ArrayList<>();
    private End end = End.BETWEEN;

    /** How the text ends. */
    public enum End {
        /** With the last message. */
        BETWEEN,
        /** In the midst of one. */
        WITHIN,
        /** With something that means nothing. */
        BROKEN
    }

    /** @param trailers by their names, in order */
    public record Message(String method, String target, String body, List<String> trailers) {}

    /** What cannot go on, one way or the other. */
    private static final class Stop extends Exception {
        private static final long serialVersionUID = 1;
        private final End end;

        Stop(End end) {
            super(end.name(), null, false, false);
            this.end = end;
        }
    }

    private ReferenceReader(String text) {
        this.text = text;
    }

    public static ReferenceReader of(byte[] bytes) {
        ReferenceReader reader = new ReferenceReader(new String(bytes, StandardCharsets.ISO_8859_1));
        try {
            while (reader.at < reader.text.length()) {
                reader.messages.add(reader.message());
            }
        } catch (Stop e) {
            reader.end = e.end;
        }
        return reader;
    }

    /** Those that are complete. */
    public List<Message> messages() {
        return messages;
    }

    public End end() {
        return end;
    }

    private String line() throws Stop {
        int lineEnd = text.indexOf("\r\n", at);
        if (lineEnd < 0) {
            throw new Stop(End.WITHIN);
        }
        String line = text.substring(at, lineEnd);
        at = lineEnd + 2;
        return line;
    }

    private Message message() throws Stop {
        String first = line();
        if (first.isEmpty()) {
            // RFC 9112 section 2.2: one empty line may come before.
            first = line();
        }
        var request = Pattern.compile(REQUEST_LINE).matcher(first);
        if (!request.matches()) {
            throw new Stop(End.BROKEN);
        }
        int hosts = 0;
        List<String> lengths = new ArrayList<>();
        List<String> encodings = new ArrayList<>();
        for (String[] field : fields()) {
            switch (field[0]) {
                case "host" -> hosts++;
                case "content-length" -> lengths.add(field[1]);
                case "transfer-encoding" -> encodings.add(field[1]);
                default -> {}
            }
        }
        boolean framed = lengths.size() + encodings.size() <= 1;
        if (hosts != 1 || !framed) {
            throw new Stop(End.BROKEN);
        }
        List<String> trailers = new ArrayList<>();
        String body = "";
        if (!encodings.isEmpty()) {
            if (!encodings.get(0).equalsIgnoreCase("chunked")
                    || request.group(3).equals("0")) {
                throw new Stop(End.BROKEN);
            }
            body = chunks();
            for (String[] field : fields()) {
                trailers.add(field[0]);
            }
        } else if (!lengths.isEmpty()) {
            if (!lengths.get(0).matches("[0-9]{1,18}")) {
                throw new Stop(End.BROKEN);
            }
            body = take(Long.parseLong(lengths.get(0)));
        }
        return new Message(request.group(1), request.group(2), body, trailers);
    }

    private List<String[]> fields() throws Stop {
        List<String[]> fields = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            var field = Pattern.compile(FIELD).matcher(line);
            if (!field.matches()) {
                throw new Stop(End.BROKEN);
            }
            fields.add(new String[] {
                field.group(1).toLowerCase(Locale.ROOT), field.group(2).replaceAll("[ \\t]+$", "")
            });
        }
        return fields;
    }

    private String chunks() throws Stop {
        StringBuilder body = new StringBuilder();
        while (true) {
            String line = line();
            if (!line.matches("[0-9A-Fa-f]{1,16}(;[\\x21-\\x7e\\x80-\\xff \\t]*)?")) {
                throw new Stop(End.BROKEN);
            }
            long size = Long.parseUnsignedLong(line.replaceAll(";.*", ""), 16);
            if (size == 0) {
                return body.toString();
            }
            if (size < 0) {
                throw new Stop(End.BROKEN);
            }
            body.append(take(size));
            String after = text.substring(at, Math.min(text.length(), at + 2));
            if (!"\r\n".startsWith(after)) {
                throw new Stop(End.BROKEN);
            }
            if (after.length() < 2) {
                throw new Stop(End.WITHIN);
            }
            at += 2;
        }
    }

    private String take(long count) throws Stop {
        if (count > text.length() - at) {
            throw new Stop(End.WITHIN);
        }
        String taken = text.substring(at, at + (int) count);
        at += (int) count;
        return taken;
    }
}
