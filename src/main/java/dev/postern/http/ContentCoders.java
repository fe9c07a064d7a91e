package dev.postern.http;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.github.luben.zstd.util.Native;
import dev.postern.config.Compression.Encoding;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The encodings that work on this host: two of them need libraries of native code. */
public final class ContentCoders {
    private static final Logger log = LoggerFactory.getLogger(ContentCoders.class);

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
            log.warn("compression: {}: native library cannot be loaded: {}; left out", encoding.text(), why.toString());
        }
    }

    /**
     * Loads what there is to load, and says what cannot be. Blocks on the first call: not for an event loop, before whose
     * first response it has to be called.
     */
    public static Set<Encoding> load() {
        return Loaded.ENCODINGS;
    }

    /** @throws IllegalArgumentException for an encoding that did not load */
    static ContentCoder of(Encoding encoding) {
        if (!load().contains(encoding)) {
            throw new IllegalArgumentException(encoding.text());
        }
        return switch (encoding) {
            case ZSTD -> new ZstdCoder();
            case BR -> new BrotliCoder();
            case GZIP -> new GzipCoder();
        };
    }
}
