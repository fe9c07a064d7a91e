package dev.postern.certificate.store.files;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whom the store belongs to. Run by root, a command makes files of root's in it; whoever owns it must not be given
 * anything else, and may exchange what is in it at any time: directories are walked from one open directory to the next
 * ({@code openat}), no link is followed, and a file with
 * two names is left alone.
 */
final class StoreOwner {
    private static final Logger LOG = LoggerFactory.getLogger(StoreOwner.class);

    private final Path store;

    StoreOwner(Path store) {
        this.store = store;
    }

    /** Does nothing where directories cannot be walked that way. */
    void giveAll() throws IOException {
        UserPrincipal owner = Files.getOwner(store);
        try (DirectoryStream<Path> root = Files.newDirectoryStream(store)) {
            if (root instanceof SecureDirectoryStream<Path> directory) {
                give(store, directory, owner);
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static void give(Path path, SecureDirectoryStream<Path> directory, UserPrincipal owner) throws IOException {
        give(directory.getFileAttributeView(PosixFileAttributeView.class), owner);
        for (Path child : directory) {
            Path name = child.getFileName();
            PosixFileAttributeView view =
                    directory.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            try {
                PosixFileAttributes attributes = view.readAttributes();
                if (attributes.isDirectory()) {
                    try (SecureDirectoryStream<Path> below =
                            directory.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
                        give(path.resolve(name), below, owner);
                    }
                } else if (attributes.isRegularFile() && hasOneName(path.resolve(name), attributes)) {
                    give(view, owner);
                }
                // A link is replaced by whoever has its directory; nobody needs to own it.
            } catch (NoSuchFileException e) {
                LOG.debug("{}: taken away meanwhile", path.resolve(name), e);
            }
        }
    }

    private static void give(PosixFileAttributeView view, UserPrincipal owner) throws IOException {
        if (!view.readAttributes().owner().equals(owner)) {
            view.setOwner(owner);
        }
    }

    /** By the path, which may lead elsewhere by now: what is found must be the file that was seen. */
    private static boolean hasOneName(Path path, PosixFileAttributes seen) throws IOException {
        Map<String, Object> found = Files.readAttributes(path, "unix:nlink,fileKey", LinkOption.NOFOLLOW_LINKS);
        Object key = seen.fileKey();
        return key != null
                && key.equals(found.get("fileKey"))
                && Integer.valueOf(1).equals(found.get("nlink"));
    }
}
