/**
 * What the process has of the machine it runs on: memory above all, and what happens where that runs out; and the native library
 * of TLS.
 */
@NullMarked
package dev.postern.machine;

import org.jspecify.annotations.NullMarked;
