package dev.postern.simulation;

import dev.postern.simulation.DiskNode.Content;
import dev.postern.simulation.DiskNode.Folder;
import dev.postern.simulation.DiskNode.Link;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;

/** What can be asked of something on a simulated disk. Its times are none: nothing is decided by them. */
record NodeAttributes(DiskNode node) implements PosixFileAttributes {
    private static final FileTime NEVER = FileTime.fromMillis(0);

    @Override
    public boolean isRegularFile() {
        return node instanceof Content;
    }

    @Override
    public boolean isDirectory() {
        return node instanceof Folder;
    }

    @Override
    public boolean isSymbolicLink() {
        return node instanceof Link;
    }

    @Override
    public boolean isOther() {
        return false;
    }

    @Override
    public long size() {
        return node instanceof Content content ? content.size() : 0;
    }

    @Override
    public Object fileKey() {
        return node;
    }

    @Override
    public Set<PosixFilePermission> permissions() {
        return node.permissions();
    }

    @Override
    public FileTime lastModifiedTime() {
        return NEVER;
    }

    @Override
    public FileTime lastAccessTime() {
        return NEVER;
    }

    @Override
    public FileTime creationTime() {
        return NEVER;
    }

    @Override
    public UserPrincipal owner() {
        throw new UnsupportedOperationException("everything on a simulated disk is ours");
    }

    @Override
    public GroupPrincipal group() {
        throw new UnsupportedOperationException("everything on a simulated disk is ours");
    }
}
