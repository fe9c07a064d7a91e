package dev.postern.config.read;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Page;
import dev.postern.config.Quoted;
import dev.postern.config.RegularFile;
import dev.postern.config.Scalar;
import dev.postern.config.Spelling;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Reads pages: files whose names say what is in them, and media types. */
final class PageReader {
    /** What one page may take: all of them are kept in memory. */
    private static final int LARGEST_BYTES = 1 << 20;

    private static final Map<String, String> TYPES = Map.ofEntries(
            Map.entry("html", "text/html; charset=utf-8"),
            Map.entry("htm", "text/html; charset=utf-8"),
            Map.entry("txt", Page.TEXT),
            Map.entry("css", "text/css; charset=utf-8"),
            Map.entry("js", "text/javascript; charset=utf-8"),
            Map.entry("json", "application/json"),
            Map.entry("xml", "application/xml"),
            Map.entry("svg", "image/svg+xml"),
            Map.entry("png", "image/png"),
            Map.entry("ico", "image/x-icon"));

    static final Scalar<Page> FILE =
            new Scalar<Page>("a file of at most 1MiB that can be read", PageReader::read).spelled(Spelling.file());

    /** {@code type/subtype} and maybe parameters, https://datatracker.ietf.org/doc/html/rfc9110#section-8.3.1 */
    static final Scalar<String> CONTENT_TYPE = new Scalar<>("a media type such as application/json", text -> {
        if (!text.matches("[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *; *[\\x20-\\x7e]+)?")) {
            throw new NotUnderstood("is no media type");
        }
        return text;
    });

    private PageReader() {}

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
}
