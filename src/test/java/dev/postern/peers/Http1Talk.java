package dev.postern.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.testing.RawClient;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The client's part of a case over HTTP/1.1. */
final class Http1Talk {
    private static final String END = "end";

    private final RawClient client;
    private final Patience in;
    private final PeerCase sent;
    private final Pieces pieces;
    private final List<String> answers = new ArrayList<>();
    private final List<String> interim = new ArrayList<>();
    private final List<String> bodies = new ArrayList<>();

    /** A response as it came; {@code isWhole} is whether its body ended where it said. */
    private record Answer(int status, List<String> fields, String body, List<String> trailers, boolean isWhole) {
        String field(String name) {
            for (String field : fields) {
                if (field.toLowerCase(Locale.ROOT).startsWith(name + ":")) {
                    return field.substring(name.length() + 1).strip();
                }
            }
            return "";
        }
    }

    Http1Talk(RawClient client, Patience in, PeerCase sent, Pieces pieces) {
        this.client = client;
        this.in = in;
        this.sent = sent;
        this.pieces = pieces;
    }

    void into(Outcome told) {
        String end = talk(told);
        told.put(Outcome.ANSWERS, answers.isEmpty() ? "nothing" : String.join(" ", answers));
        if (!interim.isEmpty()) {
            told.put(Outcome.INTERIM, String.join(" ", interim));
        }
        told.put("body", String.join(" | ", bodies));
        told.put(END, end);
    }

    /** How it ended. */
    private String talk(Outcome told) {
        try {
            int parts = 0;
            while (true) {
                boolean isAfter = parts >= sent.requests().size();
                send(isAfter ? after() : sent.requests().get(parts));
                parts++;
                Answer answer = next();
                while (answer.status() < 200 && answer.status() != 101) {
                    interim.add(Integer.toString(answer.status()));
                    answer = next();
                }
                while (isAfter && !answer.body().equals("GOT " + Recorder.AFTER)) {
                    add(answer, told);
                    answer = next();
                }
                if (isAfter) {
                    return "open";
                }
                add(answer, told);
                if (!answer.isWhole()) {
                    return "broken";
                }
                if (answer.status() == 101) {
                    return "tunnel";
                }
                if (answer.field("connection").equalsIgnoreCase("close")) {
                    return closes();
                }
            }
        } catch (SocketTimeoutException silent) {
            return "waits";
        } catch (EOFException closed) {
            return "closed";
        } catch (IOException | NumberFormatException garbage) {
            answers.add("garbage");
            return "closed";
        }
    }

    private static byte[] after() {
        return ("GET " + Recorder.AFTER + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(ISO_8859_1);
    }

    private void send(byte[] bytes) {
        try {
            pieces.send(client.socket().getOutputStream(), bytes);
        } catch (IOException closed) {
            // There may be an answer all the same.
        }
    }

    private void add(Answer answer, Outcome told) {
        answers.add(Integer.toString(answer.status()));
        if (!sent.isOfServer(answer.status())) {
            return;
        }
        bodies.add(answer.body());
        if (answers.size() == 1) {
            told.put("got framing", framing(answer));
            for (String field : answer.fields()) {
                int colon = field.indexOf(':');
                told.field(
                        sent,
                        "got",
                        field.substring(0, Math.max(0, colon)),
                        field.substring(colon + 1).strip());
            }
            if (!answer.trailers().isEmpty()) {
                told.put("got trailers", String.join(", ", answer.trailers()).toLowerCase(Locale.ROOT));
            }
        }
    }

    private static String framing(Answer answer) {
        if (!answer.field("transfer-encoding").isEmpty()) {
            return "chunked";
        }
        return answer.field("content-length").isEmpty() ? "none" : "length";
    }

    /** What follows the last answer. */
    private String closes() throws IOException {
        return in.read() < 0 ? "closed" : "more";
    }

    private Answer next() throws IOException {
        String head = line();
        if (!head.startsWith("HTTP/1.")) {
            throw new IOException("no answer: \"" + head + '"');
        }
        int status = Integer.parseInt(head.substring(9, 12));
        List<String> fields = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            fields.add(line);
        }
        Answer bare = new Answer(status, fields, "", List.of(), true);
        if ((sent.isHead() && answers.isEmpty()) || status < 200 || status == 204 || status == 304) {
            return bare;
        }
        StringBuilder body = new StringBuilder();
        List<String> trailers = new ArrayList<>();
        boolean isWhole = body(bare, body, trailers);
        return new Answer(status, fields, body.toString(), trailers, isWhole);
    }

    private boolean body(Answer bare, StringBuilder body, List<String> trailers) throws IOException {
        try {
            if (!bare.field("transfer-encoding").isEmpty()) {
                for (int size = size(); size > 0; size = size()) {
                    take(size, body);
                    line();
                }
                for (String line = line(); !line.isEmpty(); line = line()) {
                    trailers.add(line);
                }
                return true;
            }
            String length = bare.field("content-length");
            if (!length.isEmpty()) {
                take(Integer.parseInt(length), body);
                return true;
            }
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                body.append((char) octet);
            }
            return true;
        } catch (EOFException early) {
            return false;
        }
    }

    private int size() throws IOException {
        return Integer.parseInt(line().split(";", -1)[0].strip(), 16);
    }

    private void take(int length, StringBuilder body) throws IOException {
        for (int i = 0; i < length; i++) {
            int octet = in.read();
            if (octet < 0) {
                throw new EOFException();
            }
            body.append((char) octet);
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int octet = in.read(); octet != '\n'; octet = in.read()) {
            if (octet < 0) {
                if (line.isEmpty()) {
                    throw new EOFException();
                }
                throw new EOFException("in a line");
            }
            line.append((char) octet);
        }
        return line.toString().endsWith("\r") ? line.substring(0, line.length() - 1) : line.toString();
    }
}
