@NullMarked
package dev.postern.wire;

import org.jspecify.annotations.NullMarked;
