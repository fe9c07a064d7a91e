package dev.postern.http.h2;

import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.StreamByteDistributor;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import org.jspecify.annotations.Nullable;

/**
 * Gives every stream its turn, and tells each {@link Http2ClientStream} what waits for the client's windows and how much
 * they have let out. What clients say of priorities is not looked at
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-5.3">RFC 9113 §5.3</a>). Event loop only.
 */
final class CountedDistributor implements StreamByteDistributor, StreamByteDistributor.Writer {
    private final StreamByteDistributor fair;
    private final Http2Connection.PropertyKey key;
    private @Nullable Writer writer;

    /** @param key of the {@link Http2ClientStream} of a stream */
    CountedDistributor(Http2Connection connection, Http2Connection.PropertyKey key) {
        this.fair = new UniformStreamByteDistributor(connection);
        this.key = key;
    }

    @Override
    public void updateStreamableBytes(StreamState state) {
        Http2ClientStream mine = state.stream().getProperty(key);
        if (mine != null) {
            mine.waits(state);
        }
        fair.updateStreamableBytes(state);
    }

    @Override
    public void updateDependencyTree(int childStreamId, int parentStreamId, short weight, boolean exclusive) {
        fair.updateDependencyTree(childStreamId, parentStreamId, weight, exclusive);
    }

    @Override
    public boolean distribute(int maxBytes, Writer to) throws Http2Exception {
        writer = to;
        return fair.distribute(maxBytes, this);
    }

    @Override
    public void write(Http2Stream stream, int bytes) {
        Http2ClientStream mine = stream.getProperty(key);
        if (mine != null) {
            mine.let(bytes);
        }
        java.util.Objects.requireNonNull(writer, "writer").write(stream, bytes);
    }
}
