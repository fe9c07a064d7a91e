/**
 * What every connection has, whatever is spoken on it: both of its ends, what its client counts as, what is still owed on
 * it, and how it ends so that the last bytes arrive (lingering close). Event loop only; nothing here knows HTTP.
 */
@NullMarked
package dev.postern.wire;

import org.jspecify.annotations.NullMarked;
