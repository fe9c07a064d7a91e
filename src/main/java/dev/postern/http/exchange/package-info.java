@NullMarked
package dev.postern.http.exchange;

import org.jspecify.annotations.NullMarked;
