@NullMarked
package dev.postern.tunnel;

import org.jspecify.annotations.NullMarked;
