/**
 * What every connection has, whatever is spoken on it: both of its ends, what its client counts as, what is still owed on
 * it, how it ends so that the last bytes arrive (lingering close), who looks after it ({@link
 * dev.postern.wire.OpenConnections}, those of one event loop), and why it failed ({@link dev.postern.wire.Failure}: one
 * table of codes for log, metrics and answers). Event loop only; nothing here reads or writes HTTP.
 */
@NullMarked
package dev.postern.wire;

import org.jspecify.annotations.NullMarked;
