package dev.postern.simulation;

import dev.postern.simulation.DiskNode.Content;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** An open file or directory of a {@link GatedFileSystem}; a directory is opened to be synced. */
final class GatedChannel extends FileChannel {
    private final GatedFileSystem files;
    private final Path path;
    private final DiskNode node;
    private int position;

    GatedChannel(GatedFileSystem files, Path path, DiskNode node) {
        this.files = files;
        this.path = path;
        this.node = node;
        files.opened(this);
    }

    private Content content() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (node instanceof Content content) {
            return content;
        }
        throw new IOException("Is a directory");
    }

    /** A write that is cut short by a full disk or the end of the process leaves a part. */
    @Override
    public int write(ByteBuffer source) throws IOException {
        Content content = content();
        try {
            files.gate().before(DiskGate.Step.WRITE, path);
        } catch (IOException | Error e) {
            put(content, source, source.remaining() / 2);
            throw e;
        }
        int count = source.remaining();
        put(content, source, count);
        source.position(source.limit());
        return count;
    }

    private void put(Content content, ByteBuffer source, int count) {
        byte[] bytes = new byte[count];
        source.duplicate().get(bytes);
        content.write(position, bytes, 0, count);
        position += count;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        files.gate().before(DiskGate.Step.WRITE, path);
        files.disk().sync(node);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        Content content = content();
        files.gate().before(DiskGate.Step.READ, path);
        byte[] bytes = new byte[target.remaining()];
        int count = content.read(position, bytes, 0, bytes.length);
        if (count > 0) {
            target.put(bytes, 0, count);
            position += count;
        }
        return bytes.length == 0 ? 0 : count;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public FileChannel position(long next) {
        position = (int) next;
        return this;
    }

    @Override
    public long size() throws IOException {
        return content().size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        files.gate().before(DiskGate.Step.WRITE, path);
        content().truncate((int) size);
        position = Math.min(position, (int) size);
        return this;
    }

    @Override
    public FileLock lock(long from, long size, boolean shared) throws IOException {
        FileLock lock = tryLock(from, size, shared);
        if (lock == null) {
            throw new IOException("who waits for a lock here waits for ever");
        }
        return lock;
    }

    @Override
    public @Nullable FileLock tryLock(long from, long size, boolean shared) throws IOException {
        Content content = content();
        return files.disk().lock(content, this) ? new Lock(this, from, size, shared) : null;
    }

    /** Until it is released, or its channel is closed. */
    private static final class Lock extends FileLock {
        private boolean released;

        Lock(GatedChannel channel, long from, long size, boolean shared) {
            super(channel, from, size, shared);
        }

        @Override
        public boolean isValid() {
            return !released && acquiredBy().isOpen();
        }

        @Override
        public void release() {
            released = true;
            ((GatedChannel) acquiredBy()).unlock();
        }
    }

    private void unlock() {
        if (node instanceof Content content) {
            files.disk().unlock(content, this);
        }
    }

    @Override
    protected void implCloseChannel() {
        files.closed(this);
        unlock();
    }

    // ---- what nobody who looks after certificates does with a file

    private static UnsupportedOperationException unused() {
        return new UnsupportedOperationException("not on a simulated disk");
    }

    @Override
    public int write(ByteBuffer source, long at) {
        throw unused();
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
        throw unused();
    }

    @Override
    public int read(ByteBuffer target, long at) {
        throw unused();
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
        throw unused();
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) {
        throw unused();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long from, long count) {
        throw unused();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long from, long size) {
        throw unused();
    }
}
