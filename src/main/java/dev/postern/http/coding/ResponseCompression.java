package dev.postern.http.coding;

import dev.postern.config.Compression;
import dev.postern.config.Compression.Encoding;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compresses the body of one response, as it comes: what the server flushes can be read by the client. A response is left
 * alone that is encoded already, is a part of something, says {@code no-transform}, or is of no type that is worth it.
 * Event loop only.
 *
 * <p>What changes in the head is what <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-7.7">RFC 9110 §7.7</a>
 * and §8.8.3.3 ask for: another encoding is another representation, whose tag is not the strong one of the server, whose
 * length is not known, and of which there are no ranges.
 */
public final class ResponseCompression implements ResponseStage {
    private static final Set<String> GONE =
            Set.of("content-length", "accept-ranges", "content-md5", "content-digest", "repr-digest", "digest");

    private final ResponseHead head;
    private final @Nullable ContentCoder coder;
    /** Of the coder, until that is closed. */
    private @Nullable Encoding at;

    /** The coder was given something that the client cannot decode yet. */
    private boolean pending;

    /** The body stays as it is. */
    private ResponseCompression(ResponseHead head) {
        this.head = head;
        this.coder = null;
    }

    private ResponseCompression(ResponseHead head, ContentCoder coder, Encoding at) {
        this.head = head;
        this.coder = coder;
        this.at = at;
    }

    /**
     * What is to be done to the response with this head; nothing where it stays as it is.
     *
     * @param wanted null where none is to be compressed
     */
    public static ResponseStage of(@Nullable Compression wanted, RequestHead request, ResponseHead head) {
        if (wanted == null) {
            return NONE;
        }
        Encoding encoding = AcceptEncoding.choose(request.fields(), wanted.encodings(), ContentCoders.load());
        if (head.status() == 304) {
            // Which of its representations the client has is not known: no tag of it may be stronger than that one's.
            return new ResponseCompression(rewritten(head, null, encoding != null));
        }
        if (!isEligible(wanted, head)) {
            return NONE;
        }
        if (encoding == null || isNoTransform(request.fields())) {
            return new ResponseCompression(rewritten(head, null, false));
        }
        if (request.isHead()) {
            return new ResponseCompression(rewritten(head, encoding, true));
        }
        ContentCoder coder = ContentCoders.of(encoding);
        return coder == null
                ? new ResponseCompression(rewritten(head, null, false))
                : new ResponseCompression(rewritten(head, encoding, true), coder, encoding);
    }

    private static boolean isEligible(Compression wanted, ResponseHead head) {
        Fields fields = head.fields();
        int status = head.status();
        if (status < 200 || status == 204 || status == 205 || status == 206) {
            return false;
        }
        if (head.declaredLength() >= 0 && head.declaredLength() < wanted.minSize()) {
            return false;
        }
        int type = fields.find("content-type", 0);
        if (type < 0 || fields.find("content-encoding", 0) >= 0 || fields.find("content-range", 0) >= 0) {
            return false;
        }
        String text = fields.value(type).toLowerCase(Locale.ROOT);
        int semicolon = text.indexOf(';');
        String media = (semicolon < 0 ? text : text.substring(0, semicolon)).strip();
        // gRPC compresses its messages itself, and counts on every frame going through as it is.
        return !media.startsWith("application/grpc") && wanted.covers(media) && !isNoTransform(fields);
    }

    private static boolean isNoTransform(Fields fields) {
        for (int i = fields.find("cache-control", 0); i >= 0; i = fields.find("cache-control", i + 1)) {
            for (String directive : fields.value(i).split(",", -1)) {
                if (directive.strip().equalsIgnoreCase("no-transform")) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * The head as the client gets it.
     *
     * @param encoding null where the body stays as it is
     * @param weakened whether the tag is no strong one any more
     */
    private static ResponseHead rewritten(ResponseHead head, @Nullable Encoding encoding, boolean weakened) {
        Fields fields = head.fields();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(fields.bytes().length + 64);
        bytes.write(fields.bytes(), head.reasonFrom(), head.reasonTo() - head.reasonFrom());
        int reasonTo = bytes.size();
        Fields.Builder rewritten = new Fields.Builder();
        int vary = varyToMerge(fields);
        for (int i = 0; i < fields.count(); i++) {
            String name = fields.text(fields.nameFrom(i), fields.nameTo(i)).toLowerCase(Locale.ROOT);
            if (encoding != null && GONE.contains(name)) {
                continue;
            }
            String value = fields.value(i);
            if (i == vary) {
                value = value.isEmpty() ? "Accept-Encoding" : value + ", Accept-Encoding";
            } else if (weakened && name.equals("etag") && value.startsWith("\"")) {
                value = "W/" + value;
            }
            add(bytes, rewritten, fields.name(i), fields.text(fields.nameFrom(i), fields.nameTo(i)), value);
        }
        if (vary == NO_VARY) {
            add(bytes, rewritten, FieldName.OTHER, "Vary", "Accept-Encoding");
        }
        if (encoding != null) {
            add(bytes, rewritten, FieldName.OTHER, "Content-Encoding", encoding.text());
        }
        return head.rewritten(
                rewritten.build(bytes.toByteArray()),
                reasonTo,
                encoding == null ? head.declaredLength() : ResponseHead.CHUNKED);
    }

    private static final int NO_VARY = -1;
    private static final int VARIES_ALREADY = -2;

    /** The field that says on what the response depends, and does not say that it depends on this. */
    private static int varyToMerge(Fields fields) {
        int first = NO_VARY;
        for (int i = fields.find("vary", 0); i >= 0; i = fields.find("vary", i + 1)) {
            for (String name : fields.value(i).split(",", -1)) {
                if (name.strip().equals("*") || name.strip().equalsIgnoreCase("accept-encoding")) {
                    return VARIES_ALREADY;
                }
            }
            first = first < 0 ? i : first;
        }
        return first;
    }

    private static void add(ByteArrayOutputStream bytes, Fields.Builder fields, int kind, String name, String value) {
        int nameFrom = bytes.size();
        bytes.writeBytes(name.getBytes(StandardCharsets.ISO_8859_1));
        int nameTo = bytes.size();
        bytes.writeBytes(value.getBytes(StandardCharsets.ISO_8859_1));
        fields.add(kind, nameFrom, nameTo, nameTo, bytes.size());
    }

    @Override
    public ResponseHead head(ResponseHead came) {
        return head;
    }

    @Override
    public long bodyLength(long came) {
        return coder == null ? came : ResponseHead.CHUNKED;
    }

    @Override
    public ByteBuf body(ByteBuf part) {
        ContentCoder to = coder;
        if (to == null) {
            return part;
        }
        ByteBuf out = ByteBufAllocator.DEFAULT.ioBuffer(256 + part.readableBytes() / 2);
        try {
            to.write(part, out);
            pending = true;
            return out;
        } catch (RuntimeException e) {
            out.release();
            throw e;
        } finally {
            part.release();
        }
    }

    @Override
    public @Nullable ByteBuf flush() {
        if (coder == null || !pending) {
            return null;
        }
        pending = false;
        ByteBuf out = ByteBufAllocator.DEFAULT.ioBuffer();
        coder.flush(out);
        return out;
    }

    @Override
    public @Nullable ByteBuf finish() {
        if (coder == null) {
            return null;
        }
        ByteBuf out = ByteBufAllocator.DEFAULT.ioBuffer();
        coder.finish(out);
        close();
        return out;
    }

    @Override
    public void close() {
        Encoding closed = at;
        at = null;
        if (coder != null && closed != null) {
            try {
                coder.close();
            } finally {
                ContentCoders.closed(closed);
            }
        }
    }
}
