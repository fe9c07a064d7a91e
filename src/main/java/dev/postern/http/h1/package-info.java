@NullMarked
package dev.postern.http.h1;

import org.jspecify.annotations.NullMarked;
