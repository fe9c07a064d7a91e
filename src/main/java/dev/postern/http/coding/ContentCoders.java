package dev.postern.http.coding;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.github.luben.zstd.util.Native;
import dev.postern.config.Compression.Encoding;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The encodings that work on this host: two of them need libraries of native code. */
public final class ContentCoders {
    private static final Logger LOG = LoggerFactory.getLogger(ContentCoders.class);

    private ContentCoders() {}

    /** Loaded once, when somebody asks for the first time. */
    private static final class Loaded {
        private static final Set<Encoding> ENCODINGS = load();

        private static Set<Encoding> load() {
            Set<Encoding> loaded = EnumSet.of(Encoding.GZIP);
            if (Brotli4jLoader.isAvailable()) {
                loaded.add(Encoding.BR);
            } else {
                missing(Encoding.BR, Brotli4jLoader.getUnavailabilityCause());
            }
            try {
                Native.load();
                new ZstdCoder().close();
                loaded.add(Encoding.ZSTD);
            } catch (LinkageError | RuntimeException e) {
                missing(Encoding.ZSTD, e);
            }
            return Collections.unmodifiableSet(loaded);
        }

        private static void missing(Encoding encoding, Throwable why) {
            LOG.warn("compression: {}: native library cannot be loaded: {}; left out", encoding.text(), why.toString());
        }
    }

    /**
     * Loads what there is to load, and says what cannot be. Blocks on the first call: not for an event loop, before whose
     * first response it has to be called.
     */
    public static Set<Encoding> load() {
        return Loaded.ENCODINGS;
    }

    /** What a coder takes of memory outside the heap, bytes: window, tables and buffers, rounded up. */
    private static final long LARGE_CODER = 1280 * 1024;

    private static final long GZIP_CODER = 320 * 1024;

    /**
     * What all of them together may take, bytes. A client keeps the coder of a response for as long as it takes to read
     * it, and over HTTP/2 may have a hundred of them on every connection: without a bound a few dozen connections that
     * read slowly would be the end of the process.
     */
    private static final long ROOM =
            Math.max(64L * 1024 * 1024, Runtime.getRuntime().maxMemory() / 4);

    private static final AtomicLong taken = new AtomicLong();

    /**
     * Null where too many are at work already; responses then go out as they are.
     *
     * @throws IllegalArgumentException for an encoding that did not load
     */
    static @Nullable ContentCoder of(Encoding encoding) {
        if (!load().contains(encoding)) {
            throw new IllegalArgumentException(encoding.text());
        }
        long size = size(encoding);
        if (taken.addAndGet(size) > ROOM) {
            taken.addAndGet(-size);
            return null;
        }
        try {
            return switch (encoding) {
                case ZSTD -> new ZstdCoder();
                case BR -> new BrotliCoder();
                case GZIP -> new GzipCoder();
            };
        } catch (RuntimeException | Error e) {
            taken.addAndGet(-size);
            throw e;
        }
    }

    /** A coder that {@link #of} made has been closed. */
    static void closed(Encoding encoding) {
        taken.addAndGet(-size(encoding));
    }

    private static long size(Encoding encoding) {
        return encoding == Encoding.GZIP ? GZIP_CODER : LARGE_CODER;
    }
}
