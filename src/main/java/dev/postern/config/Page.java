package dev.postern.config;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A body that Postern answers with, as it is served. Read when the configuration is, never while serving. Immutable. */
public final class Page {
    public static final String TEXT = "text/plain; charset=utf-8";

    private final String contentType;
    private final byte[] bytes;

    /** @param bytes not to be changed */
    public Page(String contentType, byte[] bytes) {
        this.contentType = contentType;
        this.bytes = bytes;
    }

    public static Page text(String text) {
        return new Page(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    public Page as(String otherType) {
        return new Page(otherType, bytes);
    }

    public String contentType() {
        return contentType;
    }

    /** Not to be changed. */
    public byte[] bytes() {
        return bytes;
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Page page && contentType.equals(page.contentType) && Arrays.equals(bytes, page.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * contentType.hashCode() + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return contentType + ", " + bytes.length + " bytes";
    }
}
