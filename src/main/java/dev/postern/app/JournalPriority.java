package dev.postern.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What systemd's journal is told of how serious a line is: {@code <4>} in front of it, as sd-daemon(3) has it, so that
 * {@code journalctl -p warning} finds what it should. Any thread.
 */
final class JournalPriority {
    /** After the time of a line. */
    private static final Pattern LEVEL = Pattern.compile("[0-9T:.Z-]+ (TRACE|DEBUG|INFO|WARN|ERROR) ");

    private static final String INFO = "<6>";

    private JournalPriority() {}

    /**
     * Whether standard error is a stream of the journal's; systemd.exec(5) has it.
     *
     * @param stream what {@code JOURNAL_STREAM} says: device and inode
     */
    static boolean isAsked(String stream) {
        try {
            Path standardError = Path.of("/proc/self/fd/2");
            return stream.equals(Files.getAttribute(standardError, "unix:dev") + ":"
                    + Files.getAttribute(standardError, "unix:ino"));
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    /** The same with its priority in front of every line of it. */
    static String prefixed(String text) {
        String priority = of(text);
        return priority + text.replace("\n", "\n" + priority);
    }

    private static String of(String text) {
        Matcher level = LEVEL.matcher(text);
        return !level.lookingAt()
                ? INFO
                : switch (level.group(1)) {
                    case "ERROR" -> "<3>";
                    case "WARN" -> "<4>";
                    case "INFO" -> INFO;
                    default -> "<7>";
                };
    }
}
