/** What the process has of the machine it runs on, which is memory above all, and what happens where that runs out. */
@NullMarked
package dev.postern.machine;

import org.jspecify.annotations.NullMarked;
