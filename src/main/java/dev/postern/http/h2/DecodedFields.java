package dev.postern.http.h2;

import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RawFields;
import io.netty.handler.codec.EmptyHeaders;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A list of fields on its way through Netty, which asks for the status of a response and for the length of a body only. */
final class DecodedFields extends EmptyHeaders<CharSequence, CharSequence, Http2Headers> implements Http2Headers {
    private static final byte[] STATUS = HeadWriter.constant(":status");
    private static final byte[] CONTENT_LENGTH = HeadWriter.constant("content-length");

    private final RawFields raw;

    DecodedFields(RawFields raw) {
        this.raw = raw;
    }

    RawFields raw() {
        return raw;
    }

    @Override
    public @Nullable CharSequence status() {
        for (int i = 0; i < raw.count(); i++) {
            if (raw.isNamed(i, STATUS)) {
                return raw.value(i);
            }
        }
        return null;
    }

    /** Asked for the lengths of a body alone. */
    @Override
    public List<CharSequence> getAll(CharSequence name) {
        List<CharSequence> lengths = List.of();
        for (int i = 0; i < raw.count(); i++) {
            if (raw.isNamed(i, CONTENT_LENGTH)) {
                lengths = lengths.isEmpty() ? new ArrayList<>(1) : lengths;
                lengths.add(raw.value(i));
            }
        }
        return lengths;
    }

    /** It would put the length of several that are the same; the parser of the head sees to that. */
    @Override
    public Http2Headers setLong(CharSequence name, long value) {
        return this;
    }

    @Override
    public boolean contains(CharSequence name, CharSequence value, boolean caseInsensitive) {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable CharSequence method() {
        return null;
    }

    @Override
    public @Nullable CharSequence scheme() {
        return null;
    }

    @Override
    public @Nullable CharSequence authority() {
        return null;
    }

    @Override
    public @Nullable CharSequence path() {
        return null;
    }

    @Override
    public Http2Headers method(CharSequence value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Http2Headers scheme(CharSequence value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Http2Headers authority(CharSequence value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Http2Headers path(CharSequence value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Http2Headers status(CharSequence value) {
        throw new UnsupportedOperationException();
    }
}
