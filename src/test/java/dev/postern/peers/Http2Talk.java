package dev.postern.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The client's part of a case over HTTP/2. */
final class Http2Talk {
    private static final int AFTER_STREAM = 0x0fff_fff1;

    private final RawClient client;
    private final Patience in;
    private final PeerCase sent;
    private final Pieces pieces;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private final Map<Integer, Stream> streams = new TreeMap<>();

    /** Whose fields are compared. */
    private final int first;

    private static final class Stream {
        private final List<String> interim = new ArrayList<>();
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private String answer = "nothing";
        private boolean isOver;
        private int status;
    }

    Http2Talk(RawClient client, Patience in, PeerCase sent, Pieces pieces) {
        this.client = client;
        this.in = in;
        this.sent = sent;
        this.pieces = pieces;
        this.first = sent.streams().isEmpty() ? 0 : sent.streams().first();
    }

    void into(Outcome told) {
        sent.streams().forEach(stream -> streams.put(stream, new Stream()));
        String end = talk(told);
        List<String> answers = new ArrayList<>();
        List<String> bodies = new ArrayList<>();
        List<String> interim = new ArrayList<>();
        streams.forEach((number, stream) -> {
            if (number != AFTER_STREAM) {
                answers.add(number + ": " + stream.answer);
                interim.addAll(stream.interim);
                if (stream.status > 0 && sent.isOfServer(stream.status)) {
                    bodies.add(stream.body.toString(ISO_8859_1));
                }
            }
        });
        told.put(Outcome.ANSWERS, String.join(", ", answers));
        told.put("body", String.join(" | ", bodies));
        told.put(Outcome.END, end);
        if (!interim.isEmpty()) {
            told.put(Outcome.INTERIM, String.join(" ", interim));
        }
    }

    private String talk(Outcome told) {
        try {
            int parts = 0;
            for (byte[] part : sent.requests()) {
                send(part);
                parts++;
                if (parts < sent.requests().size()) {
                    untilOver(told, true);
                }
            }
            boolean isSilent = !untilOver(told, false);
            streams.put(AFTER_STREAM, new Stream());
            ByteArrayOutputStream after = new ByteArrayOutputStream();
            after.writeBytes(Http2Wire.frame(Http2Wire.SETTINGS, Http2Wire.ACK, 0));
            after.writeBytes(new Frames("HEADERS " + AFTER_STREAM + " end\n  :method: GET\n  :scheme: https\n"
                            + "  :authority: localhost\n  :path: " + Recorder.AFTER + "\n")
                    .bytes());
            send(after.toByteArray());
            while (!streams.get(AFTER_STREAM).isOver) {
                frame(told);
            }
            boolean isAnswered = streams.get(AFTER_STREAM).answer.equals("200");
            return isSilent ? "waits" : isAnswered ? "open" : "closed";
        } catch (SocketTimeoutException silent) {
            return "waits";
        } catch (EOFException closed) {
            return "closed";
        } catch (IOException | Http2Exception garbage) {
            return "garbage";
        }
    }

    private void send(byte[] bytes) {
        try {
            pieces.send(client.socket().getOutputStream(), bytes);
        } catch (IOException closed) {
            // There may be an answer all the same.
        }
    }

    /** Until every stream is over, or the first of all; false where nothing comes any more. */
    private boolean untilOver(Outcome told, boolean isFirstEnough) throws IOException, Http2Exception {
        try {
            while (isFirstEnough
                    ? streams.values().stream().noneMatch(stream -> stream.isOver)
                    : streams.values().stream().anyMatch(stream -> !stream.isOver)) {
                frame(told);
            }
            return true;
        } catch (SocketTimeoutException silent) {
            return false;
        }
    }

    private void frame(Outcome told) throws IOException, Http2Exception {
        byte[] head = take(9);
        int length = (head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | (head[2] & 0xff);
        int type = head[3];
        int flags = head[4];
        int number = (head[5] & 0x7f) << 24 | (head[6] & 0xff) << 16 | (head[7] & 0xff) << 8 | (head[8] & 0xff);
        byte[] payload = take(length);
        Http2Headers headers =
                type == Http2Wire.HEADERS ? decoder.decodeHeaders(number, Unpooled.wrappedBuffer(payload)) : null;
        Stream stream = streams.get(number);
        if (stream == null || stream.isOver) {
            return;
        }
        if (headers != null && headers.status() != null) {
            int status = Integer.parseInt(headers.status().toString());
            if (status < 200) {
                stream.interim.add(Integer.toString(status));
            } else {
                stream.status = status;
                stream.answer = Integer.toString(status);
                if (number == first && sent.isOfServer(status)) {
                    fields(told, headers);
                }
            }
        } else if (headers != null && number == first) {
            List<String> trailers = new ArrayList<>();
            headers.forEach(field -> trailers.add(field.getKey() + ": " + field.getValue()));
            told.put("got trailers", String.join(", ", trailers));
        } else if (type == Http2Wire.DATA) {
            stream.body.writeBytes(payload);
        } else if (type == Http2Wire.RST_STREAM) {
            stream.answer = stream.status > 0 ? stream.answer + " cut" : "reset";
            // What is answered first, and reset because the rest of the request is not wanted, is whole.
            if (stream.status > 0 && payload[3] == 0) {
                stream.answer = Integer.toString(stream.status);
            }
            stream.isOver = true;
        }
        if ((type == Http2Wire.DATA || type == Http2Wire.HEADERS) && (flags & Http2Wire.END_STREAM) != 0) {
            stream.isOver = true;
        }
    }

    private void fields(Outcome told, Http2Headers headers) {
        headers.forEach(field -> {
            if (field.getKey().charAt(0) != ':') {
                told.field(
                        sent,
                        "got",
                        field.getKey().toString(),
                        new String(field.getValue().toString().getBytes(ISO_8859_1), UTF_8));
            }
        });
        told.put("got framing", headers.contains("content-length") ? "length" : "none");
    }

    private byte[] take(int length) throws IOException {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            int octet = in.read();
            if (octet < 0) {
                throw new EOFException();
            }
            bytes[i] = (byte) octet;
        }
        return bytes;
    }
}
