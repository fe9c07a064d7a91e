@NullMarked
package dev.postern.backend;

import org.jspecify.annotations.NullMarked;
