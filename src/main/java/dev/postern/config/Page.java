package dev.postern.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/** A body that Postern answers with, as it is served. Read when the configuration is, never while serving. Immutable. */
public final class Page {
    /** What one page may take: all of them are kept in memory. */
    private static final int LARGEST_BYTES = 1 << 20;

    private static final String TEXT = "text/plain; charset=utf-8";

    private static final Map<String, String> TYPES = Map.ofEntries(
            Map.entry("html", "text/html; charset=utf-8"),
            Map.entry("htm", "text/html; charset=utf-8"),
            Map.entry("txt", TEXT),
            Map.entry("css", "text/css; charset=utf-8"),
            Map.entry("js", "text/javascript; charset=utf-8"),
            Map.entry("json", "application/json"),
            Map.entry("xml", "application/xml"),
            Map.entry("svg", "image/svg+xml"),
            Map.entry("png", "image/png"),
            Map.entry("ico", "image/x-icon"));

    static final Scalar<Page> FILE = new Scalar<>("a file of at most 1MiB that can be read", Page::read);

    /** {@code type/subtype} and maybe parameters, https://datatracker.ietf.org/doc/html/rfc9110#section-8.3.1 */
    static final Scalar<String> CONTENT_TYPE = new Scalar<>("a media type such as application/json", text -> {
        if (!text.matches("[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *; *[\\x20-\\x7e]+)?")) {
            throw new NotUnderstood("is no media type");
        }
        return text;
    });

    private final String contentType;
    private final byte[] bytes;

    private Page(String contentType, byte[] bytes) {
        this.contentType = contentType;
        this.bytes = bytes;
    }

    public static Page text(String text) {
        return new Page(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    Page as(String otherType) {
        return new Page(otherType, bytes);
    }

    private static Page read(String text, Path folder) throws NotUnderstood {
        Path file = FilePath.READABLE.placed().parse(text, folder);
        byte[] bytes;
        try {
            bytes = RegularFile.bytes(file, LARGEST_BYTES);
        } catch (FileSystemException e) {
            throw new NotUnderstood("cannot be read: " + Quoted.of(String.valueOf(e.getMessage())));
        } catch (IOException e) {
            throw new NotUnderstood(String.valueOf(e.getMessage()));
        }
        String name = text.toLowerCase(Locale.ROOT);
        return new Page(
                TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "application/octet-stream"), bytes);
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
