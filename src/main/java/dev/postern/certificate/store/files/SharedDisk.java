package dev.postern.certificate.store.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * File systems that several hosts may have in use at once. Their locks may be local to each host, and what one of them
 * wrote may be seen late, or in part, by the others: programs that kept certificates there found them damaged, and their
 * lock files empty. One host alone may use such a store; that nobody else does is the operator's to see to.
 */
final class SharedDisk {
    private static final Logger LOG = LoggerFactory.getLogger(SharedDisk.class);

    /** As the kernel calls them. */
    private static final Set<String> TYPES = Set.of(
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "smbfs",
            "ncpfs",
            "afs",
            "9p",
            "ceph",
            "glusterfs",
            "lustre",
            "beegfs",
            "gpfs",
            "ocfs2",
            "gfs2",
            "orangefs",
            "pvfs2");

    /** What programs bring, such as {@code fuse.sshfs}; those that are known to be of one host alone are not meant. */
    private static final Set<String> FUSE_OF_ONE_HOST =
            Set.of("fuse.fuse-overlayfs", "fuse.gocryptfs", "fuse.encfs", "fuse.mergerfs", "fuseblk", "fuse.bindfs");

    private SharedDisk() {}

    /** Says once, loudly, that nobody else may use the store; that it can be used is no reason to refuse to serve. */
    static void warn(Path store) {
        String type;
        try {
            type = Files.getFileStore(store).type();
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("{}: its kind of file system is not known", store, e);
            return;
        }
        if (isShared(type)) {
            LOG.error(
                    "{}: on a shared file system ({}): its locks may not keep another host out, and two that use one store"
                            + " spoil each other's certificates and rate limits (expected: a local disk, for one host"
                            + " alone); used all the same, and everything written is read back",
                    store,
                    type);
        }
    }

    static boolean isShared(String type) {
        String lower = type.toLowerCase(Locale.ROOT);
        return TYPES.contains(lower) || (lower.startsWith("fuse") && !FUSE_OF_ONE_HOST.contains(lower));
    }
}
