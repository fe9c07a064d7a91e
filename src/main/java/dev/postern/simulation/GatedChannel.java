package dev.postern.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** An open file of a {@link GatedFileSystem}. */
final class GatedChannel extends FileChannel {
    private final GatedFileSystem files;
    private final Path path;
    private final FileChannel real;

    GatedChannel(GatedFileSystem files, Path path, FileChannel real) {
        this.files = files;
        this.path = path;
        this.real = real;
        files.opened(this);
    }

    /** A write that is cut short by a full disk or the end of the process leaves a part. */
    @Override
    public int write(ByteBuffer source) throws IOException {
        try {
            files.gate().before(DiskGate.Step.WRITE, path);
        } catch (IOException | Error e) {
            ByteBuffer half = source.duplicate();
            half.limit(half.position() + half.remaining() / 2);
            while (half.hasRemaining()) {
                real.write(half);
            }
            throw e;
        }
        return real.write(source);
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
        files.gate().before(DiskGate.Step.WRITE, path);
        return real.write(source, position);
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        files.gate().before(DiskGate.Step.WRITE, path);
        return real.write(sources, offset, length);
    }

    /** On a real disk: a step of its own. Here the bytes are in memory, and a process that dies does not lose them. */
    @Override
    public void force(boolean metaData) throws IOException {
        files.gate().before(DiskGate.Step.WRITE, path);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        files.gate().before(DiskGate.Step.READ, path);
        return real.read(target);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
        files.gate().before(DiskGate.Step.READ, path);
        return real.read(target, position);
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
        files.gate().before(DiskGate.Step.READ, path);
        return real.read(targets, offset, length);
    }

    @Override
    public long position() throws IOException {
        return real.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
        real.position(position);
        return this;
    }

    @Override
    public long size() throws IOException {
        return real.size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        files.gate().before(DiskGate.Step.WRITE, path);
        real.truncate(size);
        return this;
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        files.gate().before(DiskGate.Step.READ, path);
        return real.transferTo(position, count, target);
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) throws IOException {
        files.gate().before(DiskGate.Step.WRITE, path);
        return real.transferFrom(source, position, count);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
        files.gate().before(DiskGate.Step.READ, path);
        return real.map(mode, position, size);
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
        return real.lock(position, size, shared);
    }

    @Override
    public @Nullable FileLock tryLock(long position, long size, boolean shared) throws IOException {
        return real.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        files.closed(this);
        real.close();
    }
}
