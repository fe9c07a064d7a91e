@NullMarked
package dev.postern.tls;

import org.jspecify.annotations.NullMarked;
