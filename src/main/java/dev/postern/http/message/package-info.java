@NullMarked
package dev.postern.http.message;

import org.jspecify.annotations.NullMarked;
