package dev.postern.config.read;

import dev.postern.config.RegularFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** The text of a file that an operator has written: the configuration, what it includes, variables of an environment. */
final class FileText {
    // A thousand sites take some 200 KiB; beyond this somebody named the wrong file.
    static final int LARGEST_BYTES = 16 << 20;

    private FileText() {}

    static String of(String name, Path file) throws ConfigurationProblems {
        try {
            // No pipes either: a reload would wait for somebody to write into one.
            byte[] bytes = RegularFile.bytes(file, LARGEST_BYTES);
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            // Editors of Windows put a byte order mark before it.
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (NoSuchFileException e) {
            throw unreadable(name, "does not exist");
        } catch (AccessDeniedException e) {
            throw unreadable(name, "permission denied");
        } catch (CharacterCodingException e) {
            throw unreadable(name, "is not UTF-8 text");
        } catch (IOException e) {
            throw unreadable(name, String.valueOf(e.getMessage()));
        }
    }

    private static ConfigurationProblems unreadable(String name, String why) {
        return new ConfigurationProblems(name, List.of(name + ": cannot be read: " + why));
    }
}
