@NullMarked
package dev.postern.http.h2;

import org.jspecify.annotations.NullMarked;
