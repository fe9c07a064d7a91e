/**
 * Files that are there in full or not at all, whatever happens to the process or the power: {@link
 * dev.postern.disk.DurableFiles}. What the disk refused, as an operator reads it: {@link dev.postern.disk.DiskFailure}. Whether one was
 * replaced: {@link dev.postern.disk.WatchedFile}.
 *
 * <p>Ground: it knows no store and nothing of what the files are for. Everything here waits for the disk: not on an event loop.
 */
@NullMarked
package dev.postern.disk;

import org.jspecify.annotations.NullMarked;
