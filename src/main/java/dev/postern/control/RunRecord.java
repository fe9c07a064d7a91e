package dev.postern.control;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The word that a running daemon leaves for the commands beside it: which file it was started with, which store it has and
 * where it takes commands. They may see another environment than the daemon, or a file that was changed since. It lies where
 * the system keeps what belongs to running programs, and holds nothing secret.
 */
public final class RunRecord implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunRecord.class);

    /** What systemd gives a service with {@code RuntimeDirectory=}, and where root's programs have theirs. */
    private static final Path SYSTEM = Path.of("/run/postern");

    private static final String SUFFIX = ".json";
    private static final int LARGEST_BYTES = 64 * 1024;

    /**
     * @param file as the daemon was given it, absolute
     * @param pid of the daemon, which lives
     */
    public record Word(Path file, Path store, Path socket, long pid) {}

    private final Path written;

    private RunRecord(Path written) {
        this.written = written;
    }

    /** Where a daemon may leave its word, the best place first. */
    public static List<Path> folders(Map<String, String> environment) {
        Set<Path> folders = new LinkedHashSet<>();
        String given = environment.getOrDefault("RUNTIME_DIRECTORY", "").split(":", 2)[0];
        if (!given.isEmpty()) {
            folders.add(Path.of(given));
        }
        String user = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (!user.isEmpty()) {
            folders.add(Path.of(user, "postern"));
        }
        folders.add(SYSTEM);
        return List.copyOf(folders);
    }

    /** The first of {@code folders} that is there or can be made; empty where there is none. */
    public static Optional<Path> folder(List<Path> folders) {
        for (Path folder : folders) {
            try {
                if (!Files.isDirectory(folder)) {
                    Files.createDirectory(
                            folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
                }
                if (Files.isWritable(folder)) {
                    return Optional.of(folder);
                }
            } catch (IOException | UnsupportedOperationException e) {
                LOG.debug("{}: no place for the run record", folder, e);
            }
        }
        return Optional.empty();
    }

    /** Written at once, and taken away with {@link #close}; what daemons that are gone have left is taken away too. */
    public static RunRecord write(Path folder, Path file, Path store, Path socket) throws IOException {
        removeStale(folder);
        long pid = ProcessHandle.current().pid();
        JsonObject json = new JsonObject();
        json.addProperty("file", file.toAbsolutePath().normalize().toString());
        json.addProperty("store", store.toAbsolutePath().normalize().toString());
        json.addProperty("socket", socket.toAbsolutePath().normalize().toString());
        json.addProperty("started", RunningProcess.of(pid).started());
        Path written = folder.resolve(pid + SUFFIX);
        Path unfinished = folder.resolve("." + pid + ".new");
        Files.writeString(unfinished, json + "\n");
        Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(unfinished, written, StandardCopyOption.ATOMIC_MOVE);
        return new RunRecord(written);
    }

    private static void removeStale(Path folder) throws IOException {
        for (Path record : records(folder)) {
            if (read(record).isEmpty()) {
                Files.deleteIfExists(record);
            }
        }
    }

    /** What living daemons of {@code file} have left, in folders that only root or we ourselves can have made. */
    public static List<Word> of(Path file, List<Path> folders) {
        List<Word> found = new ArrayList<>();
        for (Path folder : folders) {
            if (!isTrusted(folder)) {
                continue;
            }
            try {
                for (Path record : records(folder)) {
                    read(record).filter(word -> isSame(word.file(), file)).ifPresent(found::add);
                }
            } catch (IOException e) {
                LOG.debug("{}: not readable", folder, e);
            }
        }
        return found;
    }

    private static boolean isTrusted(Path folder) {
        try {
            Path parent = folder.toAbsolutePath().getParent();
            if (parent == null || !Files.isDirectory(folder)) {
                return false;
            }
            // Ours, or one that was made for the daemon where only root or we make any: /run, and not /tmp.
            return isOurs(folder)
                    || (isOurs(parent)
                            && !Files.getPosixFilePermissions(parent).contains(PosixFilePermission.OTHERS_WRITE));
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private static boolean isOurs(Path folder) throws IOException {
        String owner = Files.getOwner(folder).getName();
        return owner.equals("root") || owner.equals(System.getProperty("user.name"));
    }

    private static List<Path> records(Path folder) throws IOException {
        List<Path> records = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            children.forEach(records::add);
        } catch (NotDirectoryException e) {
            LOG.debug("{}: not there", folder, e);
        }
        return records;
    }

    /** Empty where its daemon is gone. */
    private static Optional<Word> read(Path record) {
        String name = record.getFileName().toString();
        String number = name.substring(0, name.length() - SUFFIX.length());
        if (!number.matches("[1-9][0-9]{0,17}") || !Files.isRegularFile(record, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        try {
            if (Files.size(record) > LARGEST_BYTES) {
                return Optional.empty();
            }
            JsonObject json = JsonParser.parseString(Files.readString(record, StandardCharsets.UTF_8))
                    .getAsJsonObject();
            long pid = Long.parseLong(number);
            String started = json.get("started").getAsString();
            return RunningProcess.of(pid).isAlive(started)
                    ? Optional.of(new Word(path(json, "file"), path(json, "store"), path(json, "socket"), pid))
                    : Optional.empty();
        } catch (IOException | RuntimeException e) {
            LOG.debug("{}: not readable", record, e);
            return Optional.empty();
        }
    }

    private static Path path(JsonObject json, String key) {
        return Path.of(json.get(key).getAsString());
    }

    /** Whether two names lead to one file now; where that cannot be told, whether they are alike. */
    static boolean isSame(Path one, Path other) {
        try {
            return Files.isSameFile(one, other);
        } catch (IOException e) {
            return one.toAbsolutePath()
                    .normalize()
                    .equals(other.toAbsolutePath().normalize());
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(written);
    }
}
