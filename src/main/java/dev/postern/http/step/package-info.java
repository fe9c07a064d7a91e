@NullMarked
package dev.postern.http.step;

import org.jspecify.annotations.NullMarked;
